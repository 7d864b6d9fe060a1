#ifndef PEERS_H
#define PEERS_H

#include <stddef.h>
#include <stdint.h>

/// Returns the length, 0 on failure.
size_t peer_charls_encode(
    const uint8_t *frame, size_t size, uint32_t columns, uint32_t rows, int bits, int components, uint8_t *output, size_t capacity);

/// Returns 0 on success.
int peer_charls_decode(const uint8_t *codestream, size_t length, uint8_t *frame, size_t size);

#endif
