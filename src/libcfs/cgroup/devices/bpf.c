/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules as a BPF program (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE).
 *
 * cgroup v2 has no devices controller. In its place a program, attached to the directory, is asked at every
 * open and mknod of a device in the cgroup and below: struct bpf_cgroup_dev_ctx holds the type and the access
 * that is wanted, major and minor. It answers 1 or 0.
 *
 * The last rule that covers an access decides, so the program asks the rules from the last to the first. A
 * rule that denies any of what is wanted ends it with 0. A rule that allows some of it takes these bits away;
 * with none left the answer is 1. The first rule is for everything, so the program always ends there.
 *
 * BPF_F_ALLOW_MULTI: programs of the directories above (of systemd, or of an outer container) stay in force,
 * and the container may attach its own further down; all of them have to agree. The program lives as long as
 * the cgroup. It is attached before the first process comes in. A name, which the kernel keeps, tells ours
 * from others' in `update`.
 */
#include "libcfs/cgroup/devices/bpf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME         "cfs_devices"
#define MAX_PROGRAMS 64

static int sys_bpf(unsigned cmd, union bpf_attr *attr)
{
        return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* ---- generating ---------------------------------------------------------------------------------------- */

struct code {
        struct bpf_insn *p;
        size_t n;
};

static void add(struct code *c, uint8_t op, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
        c->p[c->n++] = (struct bpf_insn){
                .code = op, .dst_reg = dst & 15, .src_reg = src & 15, .off = off, .imm = imm
        };
}

enum { WANTED = BPF_REG_3, TYPE = BPF_REG_2, MAJOR = BPF_REG_4, MINOR = BPF_REG_5, SCRATCH = BPF_REG_6 };

static void add_answer(struct code *c, bool allow)
{
        add(c, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
        add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* At most 8 instructions. */
static void add_rule(struct code *c, const struct rule *r)
{
        size_t jumps[4], n_jumps = 0;

        if (r->type != 'a') {
                jumps[n_jumps++] = c->n;
                add(c, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, 0,
                    r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
        }
        if (r->major >= 0) {
                jumps[n_jumps++] = c->n;
                add(c, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, 0, (int32_t)r->major);
        }
        if (r->minor >= 0) {
                jumps[n_jumps++] = c->n;
                add(c, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, 0, (int32_t)r->minor);
        }
        if (r->access != RULES_RWM && r->allow) {
                add(c, BPF_ALU | BPF_AND | BPF_K, WANTED, 0, 0, (int32_t)(RULES_RWM & ~r->access));
                jumps[n_jumps++] = c->n;
                add(c, BPF_JMP | BPF_JNE | BPF_K, WANTED, 0, 0, 0);
        } else if (r->access != RULES_RWM) {
                add(c, BPF_ALU | BPF_MOV | BPF_X, SCRATCH, WANTED, 0, 0);
                add(c, BPF_ALU | BPF_AND | BPF_K, SCRATCH, 0, 0, (int32_t)r->access);
                jumps[n_jumps++] = c->n;
                add(c, BPF_JMP | BPF_JEQ | BPF_K, SCRATCH, 0, 0, 0);
        }
        add_answer(c, r->allow);
        for (size_t i = 0; i < n_jumps; i++)
                c->p[jumps[i]].off = (int16_t)(c->n - jumps[i] - 1);
}

int bpf_program(const struct rules *rules, struct bpf_insn **ret, size_t *ret_n, struct cfs_error *err)
{
        struct code c = { 0 };

        c.p = calloc(rules->n * 8 + 16, sizeof(*c.p));
        if (!c.p)
                return err_nomem(err);
        /* access_type: the type in the lower half, the access in the upper one. */
        add(&c, BPF_LDX | BPF_MEM | BPF_W, TYPE, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type),
            0);
        add(&c, BPF_ALU | BPF_MOV | BPF_X, WANTED, TYPE, 0, 0);
        add(&c, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
        add(&c, BPF_ALU | BPF_RSH | BPF_K, WANTED, 0, 0, 16);
        add(&c, BPF_LDX | BPF_MEM | BPF_W, MAJOR, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
        add(&c, BPF_LDX | BPF_MEM | BPF_W, MINOR, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
        for (size_t i = rules->n; i > 0; i--) {
                add_rule(&c, &rules->p[i - 1]);
                /* Older rules are never asked, and the verifier refuses what cannot be reached. */
                if (rules_is_catch_all(&rules->p[i - 1]))
                        break;
        }
        *ret = c.p;
        *ret_n = c.n;
        return 0;
}

/* ---- loading and attaching ----------------------------------------------------------------------------- */

int bpf_load(const struct bpf_insn *insn, size_t n)
{
        union bpf_attr attr;
        int fd;

        memset(&attr, 0, sizeof(attr));
        attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
        attr.insns = (uint64_t)(uintptr_t)insn;
        attr.insn_cnt = (uint32_t)n;
        attr.license = (uint64_t)(uintptr_t) "LGPL-2.1-or-later";
        memcpy(attr.prog_name, NAME, sizeof(NAME));
        fd = sys_bpf(BPF_PROG_LOAD, &attr);
        return fd < 0 ? -errno : fd;
}

/* Our own among the programs of the cgroup: a descriptor, or -ENOENT, or another -errno. */
static int find_ours(int cgroup_fd)
{
        uint32_t ids[MAX_PROGRAMS] = { 0 };
        union bpf_attr attr;

        memset(&attr, 0, sizeof(attr));
        attr.query.target_fd = (uint32_t)cgroup_fd;
        attr.query.attach_type = BPF_CGROUP_DEVICE;
        attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
        attr.query.prog_cnt = MAX_PROGRAMS;
        if (sys_bpf(BPF_PROG_QUERY, &attr) < 0)
                return -errno;
        for (uint32_t i = 0, n = attr.query.prog_cnt; i < n; i++) {
                _cleanup_close_ int fd = -1;
                struct bpf_prog_info info = { 0 };

                memset(&attr, 0, sizeof(attr));
                attr.prog_id = ids[i];
                fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
                if (fd < 0)
                        continue;
                memset(&attr, 0, sizeof(attr));
                attr.info.bpf_fd = (uint32_t)fd;
                attr.info.info_len = sizeof(info);
                attr.info.info = (uint64_t)(uintptr_t)&info;
                if (sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && STREQ(info.name, NAME))
                        return TAKE_FD(fd);
        }
        return -ENOENT;
}

int bpf_attach(int cgroup_fd, const struct rules *rules, bool replace, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1, old = -1;
        _cleanup_free_ struct bpf_insn *insn = NULL;
        union bpf_attr attr;
        size_t n = 0;
        int r;

        r = bpf_program(rules, &insn, &n, err);
        if (r < 0)
                return r;
        fd = bpf_load(insn, n);
        if (fd < 0)
                return err_sys(err, -fd, "bpf", "load the program for device rules");
        if (replace)
                old = find_ours(cgroup_fd);
        memset(&attr, 0, sizeof(attr));
        attr.target_fd = (uint32_t)cgroup_fd;
        attr.attach_bpf_fd = (uint32_t)fd;
        attr.attach_type = BPF_CGROUP_DEVICE;
        attr.attach_flags = BPF_F_ALLOW_MULTI;
        if (old >= 0) {
                attr.attach_flags |= BPF_F_REPLACE;
                attr.replace_bpf_fd = (uint32_t)old;
        }
        if (sys_bpf(BPF_PROG_ATTACH, &attr) < 0)
                return err_sys(err, errno, "bpf", "attach the program for device rules");
        return 0;
}

int bpf_detach(int cgroup_fd)
{
        _cleanup_close_ int fd = find_ours(cgroup_fd);
        union bpf_attr attr;

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        memset(&attr, 0, sizeof(attr));
        attr.target_fd = (uint32_t)cgroup_fd;
        attr.attach_bpf_fd = (uint32_t)fd;
        attr.attach_type = BPF_CGROUP_DEVICE;
        return sys_bpf(BPF_PROG_DETACH, &attr) < 0 ? -errno : 0;
}
