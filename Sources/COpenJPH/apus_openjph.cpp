#include "apus_openjph.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_params.h>

namespace {

void load_line(
    const uint8_t *frame_bytes, const apus_htj2k_frame &frame, uint32_t component, uint32_t row, uint32_t precision,
    bool is_signed, ojph::line_buf &line
) {
    const size_t step = size_t(frame.components) * frame.bytes_per_sample;
    const uint8_t *source = frame_bytes + size_t(row) * frame.columns * step + size_t(component) * frame.bytes_per_sample;
    const uint32_t shift = 32 - precision;
    for (uint32_t x = 0; x < frame.columns; x++) {
        uint32_t value = source[x * step];
        if (frame.bytes_per_sample == 2) value |= uint32_t(source[x * step + 1]) << 8;
        value <<= shift;
        line.i32[x] = is_signed ? int32_t(value) >> shift : int32_t(value >> shift);
    }
}

std::vector<uint8_t> encode(
    const uint8_t *frame_bytes, const apus_htj2k_frame &frame, uint32_t precision, bool is_signed, bool transform,
    uint32_t decompositions, const char *progression
) {
    ojph::codestream codestream;
    ojph::param_siz siz = codestream.access_siz();
    siz.set_image_extent(ojph::point(frame.columns, frame.rows));
    siz.set_num_components(frame.components);
    for (uint32_t c = 0; c < frame.components; c++) siz.set_component(c, ojph::point(1, 1), precision, is_signed);
    ojph::param_cod cod = codestream.access_cod();
    cod.set_num_decomposition(decompositions);
    cod.set_block_dims(64, 64);
    cod.set_progression_order(progression);
    cod.set_color_transform(transform);
    cod.set_reversible(true);
    codestream.set_planar(!transform);
    ojph::mem_outfile file;
    file.open();
    codestream.write_headers(&file);
    std::vector<uint32_t> rows(frame.components, 0);
    ojph::ui32 component = 0;
    ojph::line_buf *line = codestream.exchange(nullptr, component);
    for (uint64_t i = 0; i < uint64_t(frame.rows) * frame.components; i++) {
        if (!line || component >= frame.components || rows[component] >= frame.rows) throw std::runtime_error("order");
        load_line(frame_bytes, frame, component, rows[component]++, precision, is_signed, *line);
        line = codestream.exchange(line, component);
    }
    codestream.flush();
    std::vector<uint8_t> result(file.get_data(), file.get_data() + file.tell());
    codestream.close();
    return result;
}

}  // namespace

int apus_htj2k_encode(
    const uint8_t *frame_bytes, apus_htj2k_frame frame, uint32_t precision, int is_signed, int component_transform,
    uint32_t decompositions, const char *progression, uint8_t **output, size_t *output_length
) {
    *output = nullptr;
    *output_length = 0;
    if (frame.components < 1 || frame.components > 4 || precision < 1 || precision > 16) return 2;
    if (frame.bytes_per_sample != 1 && frame.bytes_per_sample != 2) return 2;
    try {
        const bool transform = component_transform && frame.components == 3;
        const std::vector<uint8_t> result =
            encode(frame_bytes, frame, precision, is_signed != 0, transform, decompositions, progression);
        uint8_t *buffer = static_cast<uint8_t *>(std::malloc(result.size()));
        if (!buffer) return 1;
        std::memcpy(buffer, result.data(), result.size());
        *output = buffer;
        *output_length = result.size();
        return 0;
    } catch (...) {
        return 1;
    }
}

void apus_htj2k_free(uint8_t *output) { std::free(output); }
