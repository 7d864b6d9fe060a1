#define _GNU_SOURCE
#include "storage_kernels.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

// MARK: CRC-32C

static uint32_t tables[8][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void fill_tables(void) {
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t crc = n;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
        tables[0][n] = crc;
    }
    for (int t = 1; t < 8; t++)
        for (uint32_t n = 0; n < 256; n++)
            tables[t][n] = (tables[t - 1][n] >> 8) ^ tables[0][tables[t - 1][n] & 0xFF];
}

uint32_t apus_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
    pthread_once(&tables_once, fill_tables);
    const uint8_t *p = bytes;
    crc = ~crc;
    while (count >= 8) {
        uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
        crc = tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF] ^
              tables[4][low >> 24] ^ tables[3][p[4]] ^ tables[2][p[5]] ^ tables[1][p[6]] ^ tables[0][p[7]];
        p += 8;
        count -= 8;
    }
    while (count--) crc = (crc >> 8) ^ tables[0][(crc ^ *p++) & 0xFF];
    return ~crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HARDWARE_CRC 1
#define CRC_TARGET __attribute__((target("sse4.2")))
#define CRC_STEP8(crc, value) _mm_crc32_u64((crc), (value))
#define CRC_STEP1(crc, value) _mm_crc32_u8((uint32_t)(crc), (value))
typedef uint64_t crc_word;
static int has_hardware_crc(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__)
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#define HARDWARE_CRC 1
#define CRC_TARGET __attribute__((target("crc")))
#define CRC_STEP8(crc, value) __builtin_arm_crc32cd((crc), (value))
#define CRC_STEP1(crc, value) __builtin_arm_crc32cb((crc), (value))
typedef uint32_t crc_word;
static int has_hardware_crc(void) { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
#endif

#if HARDWARE_CRC
static inline uint64_t word_at(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

CRC_TARGET static uint32_t crc_hardware(uint32_t start, const uint8_t *p, size_t count) {
    crc_word crc = (uint32_t)~start;
    for (; count >= 8; p += 8, count -= 8) crc = CRC_STEP8(crc, word_at(p));
    while (count--) crc = CRC_STEP1(crc, *p++);
    return ~(uint32_t)crc;
}

// One crc32 instruction may begin each cycle but its result takes three: four independent chains keep the unit busy.
CRC_TARGET static void crc_four(const uint8_t *p, size_t block, uint32_t results[4]) {
    crc_word a = 0xFFFFFFFFu, b = 0xFFFFFFFFu, c = 0xFFFFFFFFu, d = 0xFFFFFFFFu;
    for (size_t i = 0; i < block; i += 8) {
        a = CRC_STEP8(a, word_at(p + i));
        b = CRC_STEP8(b, word_at(p + block + i));
        c = CRC_STEP8(c, word_at(p + 2 * block + i));
        d = CRC_STEP8(d, word_at(p + 3 * block + i));
    }
    results[0] = ~(uint32_t)a;
    results[1] = ~(uint32_t)b;
    results[2] = ~(uint32_t)c;
    results[3] = ~(uint32_t)d;
}
#endif

uint32_t apus_crc32c(uint32_t crc, const void *bytes, size_t count) {
#if HARDWARE_CRC
    if (has_hardware_crc()) return crc_hardware(crc, bytes, count);
#endif
    return apus_crc32c_portable(crc, bytes, count);
}

void apus_crc32c_four_blocks(const void *bytes, size_t blockBytes, uint32_t results[4]) {
#if HARDWARE_CRC
    if (has_hardware_crc()) {
        crc_four(bytes, blockBytes, results);
        return;
    }
#endif
    for (int i = 0; i < 4; i++)
        results[i] = apus_crc32c_portable(0, (const uint8_t *)bytes + (size_t)i * blockBytes, blockBytes);
}

// MARK: System calls

#define REPEAT(expression)                                 \
    for (;;) {                                             \
        __typeof__(expression) answer = (expression);      \
        if (answer >= 0) return answer;                    \
        if (errno != EINTR) return -(__typeof__(answer))errno; \
    }

int apus_open(const char *path, int flags, int mode) { REPEAT(open(path, flags | O_CLOEXEC, mode)) }

int apus_direct_flag(void) {
#ifdef O_DIRECT
    return O_DIRECT;
#else
    return 0;
#endif
}

int apus_clear_direct(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -errno;
    return fcntl(descriptor, F_SETFL, flags & ~apus_direct_flag()) < 0 ? -errno : 0;
}

int apus_allocate(int descriptor, int64_t offset, int64_t count) { REPEAT(fallocate(descriptor, 0, offset, count)) }

int apus_punch_hole(int descriptor, int64_t offset, int64_t count) {
    REPEAT(fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count))
}

ssize_t apus_write_vector(int descriptor, const struct iovec *pieces, int count, int64_t offset) {
    REPEAT(pwritev(descriptor, pieces, count, offset))
}

ssize_t apus_read(int descriptor, void *bytes, size_t count, int64_t offset) {
    REPEAT(pread(descriptor, bytes, count, offset))
}

int apus_data_sync(int descriptor) { REPEAT(fdatasync(descriptor)) }
int apus_full_sync(int descriptor) { REPEAT(fsync(descriptor)) }
int apus_truncate(int descriptor, int64_t count) { REPEAT(ftruncate(descriptor, count)) }
int apus_lock_exclusive(int descriptor) { REPEAT(flock(descriptor, LOCK_EX | LOCK_NB)) }

int apus_error_text(int code, void *text, size_t count) {
    char buffer[256];
    // The GNU variant: may answer a constant instead of filling the buffer.
    const char *message = strerror_r(code, buffer, sizeof buffer);
    if (message == NULL || count == 0) return -EINVAL;
    snprintf(text, count, "%s", message);
    return 0;
}
