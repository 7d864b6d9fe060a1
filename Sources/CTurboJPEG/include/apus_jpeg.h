#ifndef APUS_JPEG_H
#define APUS_JPEG_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t columns;
    uint32_t rows;
    uint32_t components;
} apus_jpeg_frame;

/// Decodes an 8-bit DCT codestream into columns * rows * components bytes, interleaved by pixel, without any colour transform. Truncated
/// or corrupt entropy-coded data are an error, as are more than `maximum_scans` scans. Returns 0 on success.
int apus_jpeg_decode(
    const uint8_t *codestream, size_t length, apus_jpeg_frame frame, int maximum_scans, uint8_t *frame_bytes);

enum {
    APUS_JPEG_GREY,
    /// Samples are YCbCr already.
    APUS_JPEG_YCC,
    /// Samples are RGB and are coded as YCbCr.
    APUS_JPEG_RGB_TO_YCC
};

/// Encodes baseline at `quality` 1 to 100, chroma at half horizontal resolution when `halves_chroma` is not 0. On success `*output`
/// is a buffer for `apus_jpeg_free`. Returns 0 on success.
int apus_jpeg_encode(
    const uint8_t *frame_bytes, apus_jpeg_frame frame, int colour, int quality, int halves_chroma, uint8_t **output,
    size_t *output_length);

void apus_jpeg_free(uint8_t *output);

#endif
