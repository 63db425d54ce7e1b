/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256: the plain form of the standard, and the same by the SHA extensions of x86 (Intel's manual,
 * "SHA256RNDS2"), which keep the state in two registers as ABEF and CDGH and do two rounds each.
 */
#include "box/core/digest.h"
#include <stdio.h>
#include <string.h>

static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t ror(uint32_t x, unsigned n)
{
        return x >> n | x << (32 - n);
}

static void plain(uint32_t h[8], const unsigned char *p, size_t blocks)
{
        for (; blocks > 0; blocks--, p += 64) {
                uint32_t w[64], s[8];

                for (int i = 0; i < 16; i++)
                        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
                               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
                for (int i = 16; i < 64; i++)
                        w[i] = w[i - 16] + w[i - 7] +
                               (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
                               (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
                memcpy(s, h, sizeof(s));
                for (int i = 0; i < 64; i++) {
                        uint32_t t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) +
                                      ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
                        uint32_t t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) +
                                      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

                        memmove(s + 1, s, 7 * sizeof(*s));
                        s[4] += t1;
                        s[0] = t1 + t2;
                }
                for (int i = 0; i < 8; i++)
                        h[i] += s[i];
        }
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

static bool has_sha(void)
{
        static int known; /* 0: not asked yet */
        unsigned a, b, c, d;

        if (!known)
                known = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1U << 29) &&
                                        __get_cpuid(1, &a, &b, &c, &d) && (c & 1U << 19)
                                ? 1
                                : 2;
        return known == 1;
}

__attribute__((target("sha,sse4.1"))) static void fast(uint32_t h[8], const unsigned char *p, size_t blocks)
{
        const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
        __m128i t = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)h), 0xb1);
        __m128i s1 = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(h + 4)), 0x1b);
        __m128i s0 = _mm_alignr_epi8(t, s1, 8); /* ABEF */

        s1 = _mm_blend_epi16(s1, t, 0xf0); /* CDGH */
        for (; blocks > 0; blocks--, p += 64) {
                __m128i m[4], a = s0, b = s1;

                for (int i = 0; i < 4; i++)
                        m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)),
                                                swap);
                for (int i = 0; i < 16; i++) {
                        __m128i x = _mm_add_epi32(
                                m[i & 3], _mm_loadu_si128((const __m128i *)(const void *)(k + 4 * i)));

                        s1 = _mm_sha256rnds2_epu32(s1, s0, x);
                        s0 = _mm_sha256rnds2_epu32(s0, s1, _mm_shuffle_epi32(x, 0x0e));
                        if (i < 12) /* the words 16 further on take the place of these */
                                m[i & 3] = _mm_sha256msg2_epu32(
                                        _mm_add_epi32(_mm_sha256msg1_epu32(m[i & 3], m[(i + 1) & 3]),
                                                      _mm_alignr_epi8(m[(i + 3) & 3], m[(i + 2) & 3], 4)),
                                        m[(i + 3) & 3]);
                }
                s0 = _mm_add_epi32(s0, a);
                s1 = _mm_add_epi32(s1, b);
        }
        t = _mm_shuffle_epi32(s0, 0x1b);                                         /* FEBA */
        s1 = _mm_shuffle_epi32(s1, 0xb1);                                        /* DCHG */
        _mm_storeu_si128((__m128i *)(void *)h, _mm_blend_epi16(t, s1, 0xf0));    /* DCBA */
        _mm_storeu_si128((__m128i *)(void *)(h + 4), _mm_alignr_epi8(s1, t, 8)); /* HGFE */
}
#endif

static void blocks(uint32_t h[8], const unsigned char *p, size_t n)
{
#if defined(__x86_64__)
        if (has_sha()) {
                fast(h, p, n);
                return;
        }
#endif
        plain(h, p, n);
}

void digest_init(struct digest *d)
{
        *d = (struct digest){ .h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                                     0x1f83d9ab, 0x5be0cd19 } };
}

void digest_add(struct digest *d, const void *data, size_t len)
{
        const unsigned char *p = data;
        size_t have = d->len % 64, n;

        d->len += len;
        if (have > 0) {
                n = 64 - have < len ? 64 - have : len;
                memcpy(d->block + have, p, n);
                p += n;
                len -= n;
                if (have + n < 64)
                        return;
                blocks(d->h, d->block, 1);
        }
        blocks(d->h, p, len / 64);
        memcpy(d->block, p + len / 64 * 64, len % 64);
}

void digest_text(struct digest *d, char ret[DIGEST_SIZE])
{
        static const unsigned char padding[64] = { 0x80 };
        uint64_t bits = d->len * 8;
        unsigned char end[8];

        for (int i = 0; i < 8; i++)
                end[i] = (unsigned char)(bits >> (56 - 8 * i));
        digest_add(d, padding, (d->len % 64 < 56 ? 56 : 120) - d->len % 64);
        digest_add(d, end, sizeof(end));
        (void)snprintf(ret, DIGEST_SIZE, "sha256:%08x%08x%08x%08x%08x%08x%08x%08x", d->h[0], d->h[1], d->h[2],
                       d->h[3], d->h[4], d->h[5], d->h[6], d->h[7]);
}

void digest_of(const void *data, size_t len, char ret[DIGEST_SIZE])
{
        struct digest d;

        digest_init(&d);
        digest_add(&d, data, len);
        digest_text(&d, ret);
}

bool digest_valid(const char *s)
{
        return strncmp(s, "sha256:", 7) == 0 && strlen(s) == DIGEST_SIZE - 1 &&
               strspn(s + 7, "0123456789abcdef") == 64;
}
