#ifndef APUS_STORAGE_KERNELS_H
#define APUS_STORAGE_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/// CRC-32C (Castagnoli, RFC 3720 B.4) of `count` bytes, continuing from `crc` (0 to begin).
uint32_t apus_crc32c(uint32_t crc, const void *bytes, size_t count);

/// CRC-32C of four consecutive blocks of `blockBytes` each (a multiple of 8), computed side by side.
void apus_crc32c_four_blocks(const void *bytes, size_t blockBytes, uint32_t results[4]);

/// The portable table version, so that tests can hold the two against each other.
uint32_t apus_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

/// System calls that answer `-errno` instead of setting errno. EINTR is repeated.
int apus_open(const char *path, int flags, int mode);
/// The flag for unbuffered I/O, 0 where there is none.
int apus_direct_flag(void);
/// Turns unbuffered I/O off on an open descriptor.
int apus_clear_direct(int descriptor);
/// Allocates blocks without writing them and extends the file; -EOPNOTSUPP where the file system cannot.
int apus_allocate(int descriptor, int64_t offset, int64_t count);
/// Gives the blocks back; the range then reads as zeros.
int apus_punch_hole(int descriptor, int64_t offset, int64_t count);
ssize_t apus_write_vector(int descriptor, const struct iovec *pieces, int count, int64_t offset);
ssize_t apus_read(int descriptor, void *bytes, size_t count, int64_t offset);
int apus_data_sync(int descriptor);
int apus_full_sync(int descriptor);
int apus_truncate(int descriptor, int64_t count);
int apus_lock_exclusive(int descriptor);
/// Text of an errno value, thread-safe, terminated by 0; 0 on success.
int apus_error_text(int code, void *text, size_t count);

#endif
