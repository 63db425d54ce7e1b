/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What execve(2) will say to a file: permission, a mount with noexec, the kind of the file, the machine that
 * it was made for, and the interpreter or dynamic loader that it asks for, which has to be there too.
 *
 * Other machines' programs, and files of other kinds, run where the host has registered an interpreter for
 * them (binfmt_misc). Then nothing is said.
 */
#include "libcfs/look/program.h"
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_DEPTH 4 /* interpreters of interpreters: the kernel allows five */

static const struct {
        unsigned number;
        const char *name;
} machines[] = {
        { EM_X86_64, "x86-64" },   { EM_386, "x86" },      { EM_AARCH64, "arm64" },
        { EM_ARM, "arm" },         { EM_RISCV, "RISC-V" }, { EM_PPC64, "ppc64" },
        { EM_S390, "s390x" },      { EM_MIPS, "mips" },    { 258 /* EM_LOONGARCH */, "LoongArch" },
        { EM_SPARCV9, "sparc64" },
};

static unsigned own_machine(void)
{
        ElfW(Ehdr) h;
        _cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

        return fd >= 0 && read(fd, &h, sizeof(h)) == sizeof(h) ? h.e_machine : EM_NONE;
}

static const char *machine_name(unsigned number)
{
        for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
                if (machines[i].number == number)
                        return machines[i].name;
        return "another kind of machine";
}

/* 64-bit kernels usually run their 32-bit brother's programs. */
static bool is_brother(unsigned own, unsigned other)
{
        return own == other || (own == EM_X86_64 && other == EM_386) ||
               (own == EM_AARCH64 && other == EM_ARM);
}

/* Has the host registered interpreters for foreign programs? What cannot be read may have some. */
static bool host_has_interpreters(void)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = dir_open(&d, AT_FDCWD, "/proc/sys/fs/binfmt_misc");

        while (r >= 0 && (r = dir_next(&d)) > 0)
                if (!STREQ(d.name, "register") && !STREQ(d.name, "status"))
                        return true;
        return r < 0 && r != -ENOENT;
}

static enum look_answer wrong(struct look_found *f, const char *path, const char *what)
{
        (void)snprintf(f->why, sizeof(f->why), "`%.200s` %s", path, what);
        return LOOK_WRONG;
}

/* Where the program header with the loader's name is: classes differ, and so may byte orders. */
static bool read_loader(int fd, const unsigned char *head, char *ret, size_t size)
{
        bool wide = head[EI_CLASS] == ELFCLASS64;
        const Elf64_Ehdr *h64 = (const Elf64_Ehdr *)(const void *)head;
        const Elf32_Ehdr *h32 = (const Elf32_Ehdr *)(const void *)head;
        off_t at = wide ? (off_t)h64->e_phoff : (off_t)h32->e_phoff;
        unsigned n = wide ? h64->e_phnum : h32->e_phnum;
        size_t entry = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

        for (unsigned i = 0; i < n && i < 64; i++) {
                union {
                        Elf64_Phdr wide;
                        Elf32_Phdr narrow;
                } ph;
                size_t len;
                off_t from;

                if (pread(fd, &ph, entry, at + (off_t)(i * entry)) != (ssize_t)entry)
                        return false;
                if ((wide ? ph.wide.p_type : ph.narrow.p_type) != PT_INTERP)
                        continue;
                from = wide ? (off_t)ph.wide.p_offset : (off_t)ph.narrow.p_offset;
                len = wide ? ph.wide.p_filesz : ph.narrow.p_filesz;
                if (len == 0 || len >= size || pread(fd, ret, len, from) != (ssize_t)len)
                        return false;
                ret[len] = '\0';
                return true;
        }
        return false;
}

static enum look_answer look(const struct look_tree *t, const char *path, unsigned depth,
                             struct look_found *f);

/* The script's interpreter, or the program's dynamic loader. */
static enum look_answer look_helper(const struct look_tree *t, const char *path, const char *helper,
                                    const char *what, unsigned depth, struct look_found *f)
{
        char why[sizeof(f->why)];
        enum look_answer a = depth < MAX_DEPTH ? look(t, helper, depth + 1, f) : LOOK_FINE;

        if (a != LOOK_WRONG)
                return a;
        (void)snprintf(why, sizeof(why), "%s", f->why);
        for (char *p = why; *p; p++)
                if (*p == '\r')
                        memcpy(p, "?", 1);
        (void)snprintf(f->why, sizeof(f->why), "`%.100s` needs %s: %.200s%s", path, what, why,
                       strchr(helper, '\r') ? " (a CR ends the first line)" : "");
        return LOOK_WRONG;
}

static enum look_answer look_elf(const struct look_tree *t, const char *path, int fd,
                                 const unsigned char *head, unsigned depth, struct look_found *f)
{
        bool swapped = head[EI_DATA] != (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB);
        const Elf64_Ehdr *h = (const Elf64_Ehdr *)(const void *)head;
        unsigned machine = swapped ? __builtin_bswap16(h->e_machine) : h->e_machine, own = own_machine();
        unsigned type = swapped ? __builtin_bswap16(h->e_type) : h->e_type;
        char loader[256];

        if (own == EM_NONE)
                return LOOK_FINE;
        if (swapped || !is_brother(own, machine)) {
                (void)snprintf(f->why, sizeof(f->why), "`%.200s` is a program for %s, this machine is %s",
                               path, machine_name(machine), machine_name(own));
                return host_has_interpreters() ? LOOK_UNKNOWN : LOOK_WRONG;
        }
        if (type != ET_EXEC && type != ET_DYN)
                return wrong(f, path, "is an object file, not a program");
        if (!read_loader(fd, head, loader, sizeof(loader)))
                return LOOK_FINE;
        return look_helper(t, path, loader, "its dynamic loader", depth, f);
}

static enum look_answer look_content(const struct look_tree *t, const char *path, int file, unsigned depth,
                                     struct look_found *f)
{
        union {
                Elf64_Ehdr aligned;
                unsigned char bytes[256];
        } head = { 0 };
        char link[40], *line = (char *)head.bytes;
        _cleanup_close_ int fd = -1;
        ssize_t n;

        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
        fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0) /* executable does not mean readable, and we may be another user than the container's */
                return LOOK_FINE;
        n = read(fd, head.bytes, sizeof(head.bytes) - 1);
        if (n < 0) {
                (void)snprintf(f->why, sizeof(f->why), "read `%.200s`: %s", path, err_strerror(errno));
                return LOOK_UNKNOWN;
        }
        if (n >= (ssize_t)sizeof(Elf32_Ehdr) && memcmp(head.bytes, ELFMAG, SELFMAG) == 0)
                return look_elf(t, path, fd, head.bytes, depth, f);
        if (n > 2 && memcmp(line, "#!", 2) == 0) {
                char *name = line + 2 + strspn(line + 2, " \t");

                name[strcspn(name, " \t\n")] = '\0';
                return look_helper(t, path, name, "its interpreter", depth, f);
        }
        (void)wrong(f, path, "is neither a program nor a script that begins with #!");
        return host_has_interpreters() ? LOOK_UNKNOWN : LOOK_WRONG;
}

static enum look_answer look(const struct look_tree *t, const char *path, unsigned depth,
                             struct look_found *f)
{
        _cleanup_close_ int fd = look_tree_path(t, path, f);
        char what[160];

        if (fd == -EXDEV && f->unknown)
                return LOOK_UNKNOWN;
        if (fd < 0)
                return LOOK_WRONG;
        if (S_ISDIR(f->st.st_mode))
                return wrong(f, path, "is a directory");
        if (!S_ISREG(f->st.st_mode))
                return wrong(f, path, "is not a regular file");
        if (path[strlen(path) - 1] == '/')
                return wrong(f, path, "is not a directory, which the slash at its end asks for");
        if (f->noexec)
                return wrong(f, path, "is on a mount with noexec");
        if (!look_tree_may(t, fd, f, S_IXOTH)) {
                (void)snprintf(what, sizeof(what), "has mode %04o and belongs to %u:%u: %s",
                               (unsigned)f->st.st_mode & 07777, (unsigned)f->st.st_uid,
                               (unsigned)f->st.st_gid,
                               f->st.st_mode & 0111 ? "the user has no execute permission"
                                                    : "no user has execute permission");
                return wrong(f, path, what);
        }
        return look_content(t, path, fd, depth, f);
}

enum look_answer look_program(const struct look_tree *t, const char *path, struct look_found *f)
{
        return look(t, path, 0, f);
}

enum look_answer look_program_search(const struct look_tree *t, const char *name, const char *path,
                                     const char *cwd, struct look_found *f)
{
        char candidate[PATH_MAX], unknown[sizeof(f->why)] = "", denied[sizeof(f->why)] = "";

        if (strchr(name, '/')) {
                (void)snprintf(candidate, sizeof(candidate), "%s%s%s", *name == '/' ? "" : cwd,
                               *name == '/' ? "" : "/", name);
                return look(t, candidate, 0, f);
        }
        while (*path) {
                size_t n = strcspn(path, ":");
                enum look_answer a;

                (void)snprintf(candidate, sizeof(candidate), "%s%s%.*s/%s", *path == '/' ? "" : cwd,
                               *path == '/' ? "" : "/", (int)n, path, name);
                a = look(t, candidate, 0, f);
                if (a == LOOK_FINE)
                        return a;
                if (a == LOOK_UNKNOWN && !unknown[0])
                        (void)snprintf(unknown, sizeof(unknown), "%s", f->why);
                /* What is there is what execvp(3) stops at, unless it is permission that is missing. */
                if (a == LOOK_WRONG && f->st.st_mode && !denied[0] && S_ISREG(f->st.st_mode))
                        (void)snprintf(denied, sizeof(denied), "%s", f->why);
                path += n + (path[n] == ':');
        }
        if (unknown[0] || denied[0]) {
                (void)snprintf(f->why, sizeof(f->why), "%s", unknown[0] ? unknown : denied);
                return unknown[0] ? LOOK_UNKNOWN : LOOK_WRONG;
        }
        (void)snprintf(f->why, sizeof(f->why), "executable file not found in $PATH: `%.200s`", name);
        return LOOK_WRONG;
}
