#include "apus_jpeg.h"

#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf escape;
} error_manager;

// The library's own handler ends the process.
static void leave(j_common_ptr info) { longjmp(((error_manager *)info->err)->escape, 1); }

static void discard_output(j_common_ptr info) { (void)info; }

/// Warnings that mean invented samples are errors; others, such as bytes between segments, are harmless.
static void judge_message(j_common_ptr info, int level) {
    if (level >= 0) return;
    info->err->num_warnings++;
    switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
        leave(info);
    default: break;
    }
}

static void prepare_errors(error_manager *errors) {
    jpeg_std_error(&errors->base);
    errors->base.error_exit = leave;
    errors->base.output_message = discard_output;
    errors->base.emit_message = judge_message;
}

typedef struct {
    struct jpeg_progress_mgr base;
    int maximum_scans;
} progress_manager;

/// A progressive image of thousands of scans would take minutes.
static void count_scans(j_common_ptr info) {
    progress_manager *progress = (progress_manager *)info->progress;
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > progress->maximum_scans) leave(info);
}

int apus_jpeg_decode(
    const uint8_t *codestream, size_t length, apus_jpeg_frame frame, int maximum_scans, uint8_t *frame_bytes
) {
    if (length > ULONG_MAX) return 2;
    struct jpeg_decompress_struct info;
    error_manager errors;
    progress_manager progress;
    memset(&info, 0, sizeof info);
    memset(&progress, 0, sizeof progress);
    prepare_errors(&errors);
    info.err = &errors.base;
    if (setjmp(errors.escape)) {
        jpeg_destroy_decompress(&info);
        return 1;
    }
    jpeg_create_decompress(&info);
    progress.base.progress_monitor = count_scans;
    progress.maximum_scans = maximum_scans;
    info.progress = &progress.base;
    jpeg_mem_src(&info, codestream, (unsigned long)length);
    jpeg_read_header(&info, TRUE);
    int result = 2;
    if (info.image_width == frame.columns && info.image_height == frame.rows
        && info.num_components == (int)frame.components && info.data_precision == 8) {
        info.out_color_space = info.jpeg_color_space;
        info.dct_method = JDCT_ISLOW;
        info.do_fancy_upsampling = TRUE;
        jpeg_start_decompress(&info);
        if (info.output_components == (int)frame.components && info.output_width == frame.columns) {
            size_t stride = (size_t)frame.columns * frame.components;
            while (info.output_scanline < info.output_height) {
                JSAMPROW row = frame_bytes + info.output_scanline * stride;
                if (jpeg_read_scanlines(&info, &row, 1) != 1) leave((j_common_ptr)&info);
            }
            result = 0;
        }
    }
    jpeg_destroy_decompress(&info);
    return result;
}

int apus_jpeg_encode(
    const uint8_t *frame_bytes, apus_jpeg_frame frame, int colour, int quality, int halves_chroma, uint8_t **output,
    size_t *output_length
) {
    *output = NULL;
    *output_length = 0;
    if (frame.components != (colour == APUS_JPEG_GREY ? 1u : 3u) || quality < 1 || quality > 100) return 2;
    struct jpeg_compress_struct info;
    error_manager errors;
    // Larger than any baseline image of this size (two bytes for each sample of whole MCUs, and the headers), so that the library
    // never replaces the buffer and its owner is clear when it jumps out.
    size_t capacity = ((size_t)frame.columns + 31) * ((size_t)frame.rows + 31) * frame.components * 2 + 4096;
    unsigned char *owned = malloc(capacity);
    if (!owned) return 1;
    unsigned char *buffer = owned;
    unsigned long size = (unsigned long)capacity;
    memset(&info, 0, sizeof info);
    prepare_errors(&errors);
    info.err = &errors.base;
    if (setjmp(errors.escape)) {
        jpeg_destroy_compress(&info);
        free(owned);
        return 1;
    }
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &buffer, &size);
    info.image_width = frame.columns;
    info.image_height = frame.rows;
    info.input_components = (int)frame.components;
    info.in_color_space = colour == APUS_JPEG_GREY ? JCS_GRAYSCALE : colour == APUS_JPEG_YCC ? JCS_YCbCr : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_colorspace(&info, colour == APUS_JPEG_GREY ? JCS_GRAYSCALE : JCS_YCbCr);
    jpeg_set_quality(&info, quality, TRUE);
    info.dct_method = JDCT_ISLOW;
    info.optimize_coding = TRUE;
    if (colour != APUS_JPEG_GREY) {
        info.comp_info[0].h_samp_factor = halves_chroma ? 2 : 1;
        info.comp_info[0].v_samp_factor = 1;
    }
    jpeg_start_compress(&info, TRUE);
    size_t stride = (size_t)frame.columns * frame.components;
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = (JSAMPROW)(frame_bytes + info.next_scanline * stride);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    if (buffer != owned) free(owned);
    *output = buffer;
    *output_length = size;
    return 0;
}

void apus_jpeg_free(uint8_t *output) { free(output); }
