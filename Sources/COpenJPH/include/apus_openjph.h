#ifndef APUS_OPENJPH_H
#define APUS_OPENJPH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Layout of one native frame, interleaved by pixel, little endian.
///
/// Only encoding: the library ends the process on some malformed codestreams, so decoding is left to OpenJPEG.
typedef struct {
    uint32_t columns;
    uint32_t rows;
    uint32_t components;
    uint32_t bytes_per_sample;
} apus_htj2k_frame;

/// Encodes losslessly. `precision` bits of each sample are coded; the caller makes sure that samples fit. On success `*output` is a
/// buffer for `apus_htj2k_free`. Returns 0 on success.
int apus_htj2k_encode(
    const uint8_t *frame_bytes, apus_htj2k_frame frame, uint32_t precision, int is_signed, int component_transform,
    uint32_t decompositions, const char *progression, uint8_t **output, size_t *output_length);

void apus_htj2k_free(uint8_t *output);

#ifdef __cplusplus
}
#endif

#endif
