/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of unpacking an archive, and its results.
 */
#ifndef BOX_IMAGE_UNPACK_OPTIONS_H
#define BOX_IMAGE_UNPACK_OPTIONS_H

#include "box/core/digest.h"
#include <stdbool.h>
#include <stdint.h>

enum unpack_whiteouts {
        UNPACK_PLAIN,   /* no name is special                                                   */
        UNPACK_OVERLAY, /* ".wh.NAME" and ".wh..wh..opq" become what overlayfs understands      */
};

struct unpack_options {
        const char *name; /* of the archive, for messages                                        */
        enum unpack_whiteouts whiteouts;
        bool rootless;      /* user.overlay.* in place of trusted.overlay.*; no device nodes       */
        bool keep_owner;    /* chown(2) as the archive says                                        */
        const char *rename; /* the first component of every name becomes this one; NULL: as it is  */
        uint64_t max_bytes; /* of all files together                                               */
        uint64_t max_members;
        void (*progress)(void *data, uint64_t bytes); /* so many bytes of the archive were read; or NULL */
        void *data;
};

struct unpack_result {
        uint64_t bytes, members, skipped; /* skipped: device nodes, when rootless                */
        char digest[DIGEST_SIZE];         /* of the archive as it was read: the blob's digest    */
        char diff_id[DIGEST_SIZE];        /* of the uncompressed archive                         */
};

#define UNPACK_MAX_BYTES   (64ULL << 30)
#define UNPACK_MAX_MEMBERS 5000000ULL
#define UNPACK_HEADER      2048 /* of a member, on average */

#endif
