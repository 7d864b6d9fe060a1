#ifndef APUS_OPENJPEG_H
#define APUS_OPENJPEG_H

#include <stddef.h>
#include <stdint.h>

/// Layout of one native frame, interleaved by pixel, little endian.
typedef struct {
    uint32_t columns;
    uint32_t rows;
    uint32_t components;
    uint32_t bytes_per_sample;
} apus_j2k_frame;

/// Decodes a raw JPEG 2000 codestream into `frame_bytes`, which must hold columns * rows * components * bytes_per_sample bytes.
/// Samples are written as two's complement truncated to the sample size. Returns 0, or a non-zero code when the library refuses
/// the codestream or it is not the frame described.
int apus_j2k_decode(const uint8_t *codestream, size_t length, apus_j2k_frame frame, uint8_t *frame_bytes);

/// Encodes losslessly with the reversible 5/3 transform. `precision` bits of each sample are coded. On success `*output` is a buffer
/// for `apus_j2k_free`. Returns 0 on success.
int apus_j2k_encode(
    const uint8_t *frame_bytes, apus_j2k_frame frame, uint32_t precision, int is_signed, int component_transform,
    uint8_t **output, size_t *output_length);

void apus_j2k_free(uint8_t *output);

#endif
