#include "peers.h"

#include <charls/charls.h>

size_t peer_charls_encode(
    const uint8_t *frame, size_t size, uint32_t columns, uint32_t rows, int bits, int components, uint8_t *output, size_t capacity
) {
    charls_jpegls_encoder *encoder = charls_jpegls_encoder_create();
    charls_frame_info info = {columns, rows, bits, components};
    size_t written = 0;
    if (!charls_jpegls_encoder_set_frame_info(encoder, &info)
        && !charls_jpegls_encoder_set_interleave_mode(encoder, components > 1 ? CHARLS_INTERLEAVE_MODE_SAMPLE : CHARLS_INTERLEAVE_MODE_NONE)
        && !charls_jpegls_encoder_set_destination_buffer(encoder, output, capacity)
        && !charls_jpegls_encoder_encode_from_buffer(encoder, frame, size, 0)
        && charls_jpegls_encoder_get_bytes_written(encoder, &written))
        written = 0;
    charls_jpegls_encoder_destroy(encoder);
    return written;
}

int peer_charls_decode(const uint8_t *codestream, size_t length, uint8_t *frame, size_t size) {
    charls_jpegls_decoder *decoder = charls_jpegls_decoder_create();
    int failed = charls_jpegls_decoder_set_source_buffer(decoder, codestream, length)
        || charls_jpegls_decoder_read_header(decoder) || charls_jpegls_decoder_decode_to_buffer(decoder, frame, size, 0);
    charls_jpegls_decoder_destroy(decoder);
    return failed;
}
