#include "apus_openjpeg.h"

#include <stdlib.h>
#include <string.h>

#if __has_include(<openjpeg.h>)
#include <openjpeg.h>
#else
#include <openjpeg-2.5/openjpeg.h>
#endif

// Messages quote parts of the codestream; the return code is enough.
static void discard_message(const char *message, void *context) {
    (void)message;
    (void)context;
}

typedef struct {
    const uint8_t *bytes;
    size_t length;
    size_t position;
} memory_source;

static OPJ_SIZE_T read_source(void *buffer, OPJ_SIZE_T count, void *context) {
    memory_source *source = context;
    size_t available = source->length - source->position;
    if (available == 0) return (OPJ_SIZE_T)-1;
    if (count > available) count = available;
    memcpy(buffer, source->bytes + source->position, count);
    source->position += count;
    return count;
}

static OPJ_OFF_T skip_source(OPJ_OFF_T count, void *context) {
    memory_source *source = context;
    if (count < 0) return -1;
    size_t available = source->length - source->position;
    if ((uint64_t)count > available) count = (OPJ_OFF_T)available;
    source->position += (size_t)count;
    return count;
}

static OPJ_BOOL seek_source(OPJ_OFF_T position, void *context) {
    memory_source *source = context;
    if (position < 0 || (uint64_t)position > source->length) return OPJ_FALSE;
    source->position = (size_t)position;
    return OPJ_TRUE;
}

typedef struct {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    size_t position;
} memory_sink;

static int reserve_sink(memory_sink *sink, size_t end) {
    if (end <= sink->capacity) return 1;
    size_t capacity = sink->capacity ? sink->capacity : 65536;
    while (capacity < end) {
        if (capacity > SIZE_MAX / 2) return 0;
        capacity *= 2;
    }
    uint8_t *bytes = realloc(sink->bytes, capacity);
    if (!bytes) return 0;
    memset(bytes + sink->capacity, 0, capacity - sink->capacity);
    sink->bytes = bytes;
    sink->capacity = capacity;
    return 1;
}

static OPJ_SIZE_T write_sink(void *buffer, OPJ_SIZE_T count, void *context) {
    memory_sink *sink = context;
    if (count > SIZE_MAX - sink->position || !reserve_sink(sink, sink->position + count)) return (OPJ_SIZE_T)-1;
    memcpy(sink->bytes + sink->position, buffer, count);
    sink->position += count;
    if (sink->position > sink->length) sink->length = sink->position;
    return count;
}

static OPJ_BOOL seek_sink(OPJ_OFF_T position, void *context) {
    memory_sink *sink = context;
    if (position < 0 || (uint64_t)position > SIZE_MAX || !reserve_sink(sink, (size_t)position)) return OPJ_FALSE;
    sink->position = (size_t)position;
    return OPJ_TRUE;
}

static OPJ_OFF_T skip_sink(OPJ_OFF_T count, void *context) {
    memory_sink *sink = context;
    if (count < 0 || !seek_sink((OPJ_OFF_T)sink->position + count, context)) return -1;
    return count;
}

static int store_image(const opj_image_t *image, apus_j2k_frame frame, uint8_t *frame_bytes) {
    if (image->numcomps != frame.components) return 2;
    for (uint32_t c = 0; c < frame.components; c++) {
        const opj_image_comp_t *component = &image->comps[c];
        if (component->w != frame.columns || component->h != frame.rows || !component->data) return 2;
        if (component->prec > 8 * frame.bytes_per_sample) return 2;
    }
    size_t pixels = (size_t)frame.columns * frame.rows;
    for (uint32_t c = 0; c < frame.components; c++) {
        const OPJ_INT32 *samples = image->comps[c].data;
        size_t step = (size_t)frame.components * frame.bytes_per_sample;
        uint8_t *target = frame_bytes + (size_t)c * frame.bytes_per_sample;
        if (frame.bytes_per_sample == 1) {
            for (size_t i = 0; i < pixels; i++) target[i * step] = (uint8_t)samples[i];
        } else if (frame.bytes_per_sample == 2) {
            for (size_t i = 0; i < pixels; i++) {
                target[i * step] = (uint8_t)samples[i];
                target[i * step + 1] = (uint8_t)(samples[i] >> 8);
            }
        } else {
            for (size_t i = 0; i < pixels; i++)
                for (uint32_t b = 0; b < 4; b++) target[i * step + b] = (uint8_t)(samples[i] >> (8 * b));
        }
    }
    return 0;
}

int apus_j2k_decode(const uint8_t *codestream, size_t length, apus_j2k_frame frame, uint8_t *frame_bytes) {
    if (frame.bytes_per_sample != 1 && frame.bytes_per_sample != 2 && frame.bytes_per_sample != 4) return 2;
    memory_source source = {codestream, length, 0};
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_create(length < 65536 ? 65536 : 1 << 20, OPJ_TRUE);
    opj_image_t *image = NULL;
    int result = 1;
    if (codec && stream) {
        opj_set_error_handler(codec, discard_message, NULL);
        opj_set_warning_handler(codec, discard_message, NULL);
        opj_set_info_handler(codec, discard_message, NULL);
        opj_stream_set_read_function(stream, read_source);
        opj_stream_set_skip_function(stream, skip_source);
        opj_stream_set_seek_function(stream, seek_source);
        opj_stream_set_user_data(stream, &source, NULL);
        opj_stream_set_user_data_length(stream, length);
        if (opj_setup_decoder(codec, &parameters) && opj_decoder_set_strict_mode(codec, OPJ_TRUE)
            && opj_read_header(stream, codec, &image) && opj_decode(codec, stream, image)
            && opj_end_decompress(codec, stream))
            result = store_image(image, frame, frame_bytes);
    }
    if (image) opj_image_destroy(image);
    if (stream) opj_stream_destroy(stream);
    if (codec) opj_destroy_codec(codec);
    return result;
}

static opj_image_t *make_image(const uint8_t *frame_bytes, apus_j2k_frame frame, uint32_t precision, int is_signed) {
    opj_image_cmptparm_t parameters[4];
    memset(parameters, 0, sizeof parameters);
    for (uint32_t c = 0; c < frame.components; c++) {
        parameters[c].dx = parameters[c].dy = 1;
        parameters[c].w = frame.columns;
        parameters[c].h = frame.rows;
        parameters[c].prec = precision;
        parameters[c].sgnd = is_signed ? 1 : 0;
    }
    OPJ_COLOR_SPACE space = frame.components == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY;
    opj_image_t *image = opj_image_create(frame.components, parameters, space);
    if (!image) return NULL;
    image->x1 = frame.columns;
    image->y1 = frame.rows;
    size_t pixels = (size_t)frame.columns * frame.rows;
    uint32_t shift = 32 - precision;
    for (uint32_t c = 0; c < frame.components; c++) {
        const uint8_t *source = frame_bytes + (size_t)c * frame.bytes_per_sample;
        size_t step = (size_t)frame.components * frame.bytes_per_sample;
        for (size_t i = 0; i < pixels; i++) {
            uint32_t value = source[i * step];
            if (frame.bytes_per_sample == 2) value |= (uint32_t)source[i * step + 1] << 8;
            value <<= shift;
            image->comps[c].data[i] = is_signed ? (OPJ_INT32)value >> shift : (OPJ_INT32)(value >> shift);
        }
    }
    return image;
}

int apus_j2k_encode(
    const uint8_t *frame_bytes, apus_j2k_frame frame, uint32_t precision, int is_signed, int component_transform,
    uint8_t **output, size_t *output_length
) {
    *output = NULL;
    *output_length = 0;
    if (frame.components < 1 || frame.components > 4 || precision < 1 || precision > 16) return 2;
    if (frame.bytes_per_sample != 1 && frame.bytes_per_sample != 2) return 2;
    opj_cparameters_t parameters;
    opj_set_default_encoder_parameters(&parameters);
    parameters.tcp_numlayers = 1;
    parameters.tcp_rates[0] = 0;
    parameters.cp_disto_alloc = 1;
    parameters.irreversible = 0;
    parameters.tcp_mct = component_transform && frame.components == 3 ? 1 : 0;
    uint32_t smaller = frame.columns < frame.rows ? frame.columns : frame.rows;
    parameters.numresolution = 1;
    while (parameters.numresolution < 6 && smaller >> parameters.numresolution) parameters.numresolution++;

    memory_sink sink = {NULL, 0, 0, 0};
    opj_image_t *image = make_image(frame_bytes, frame, precision, is_signed);
    opj_codec_t *codec = opj_create_compress(OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_create(1 << 20, OPJ_FALSE);
    int result = 1;
    if (image && codec && stream) {
        opj_set_error_handler(codec, discard_message, NULL);
        opj_set_warning_handler(codec, discard_message, NULL);
        opj_set_info_handler(codec, discard_message, NULL);
        opj_stream_set_write_function(stream, write_sink);
        opj_stream_set_skip_function(stream, skip_sink);
        opj_stream_set_seek_function(stream, seek_sink);
        opj_stream_set_user_data(stream, &sink, NULL);
        if (opj_setup_encoder(codec, &parameters, image) && opj_start_compress(codec, image, stream)
            && opj_encode(codec, stream) && opj_end_compress(codec, stream))
            result = 0;
    }
    if (image) opj_image_destroy(image);
    if (stream) opj_stream_destroy(stream);
    if (codec) opj_destroy_codec(codec);
    if (result) {
        free(sink.bytes);
    } else {
        *output = sink.bytes;
        *output_length = sink.length;
    }
    return result;
}

void apus_j2k_free(uint8_t *output) { free(output); }
