/* Integers of the wire to float32 and back, bit for bit: hw.audio.samples. Little-endian machines only. */
#include "hop.h"

#include <math.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire is little-endian, and so is every board that this is for"
#endif

/* data: as many frames as the block has, interleaved. Of 32 bits the top 24 are kept. */
VECTORISED
void wire_decode(const struct wire *w, const uint8_t *restrict data, struct rows block)
{
    const long bytes = w->bytes, step = bytes * w->device_channels;
    for (long c = 0; c < w->chosen; c++) {
        const uint8_t *restrict from = data + bytes * w->columns[c];
        float *restrict to = block.at + c * block.channel_step;
        const long ts = block.frame_step;
        if (bytes == 2) {
            for (long i = 0; i < block.frames; i++) {
                int16_t sample;
                memcpy(&sample, from + i * step, sizeof sample);
                to[i * ts] = (float)sample * 0x1p-15f;
            }
        } else if (bytes == 3) {
            for (long i = 0; i < block.frames; i++) {
                const uint8_t *b = from + i * step;
                const uint32_t top = (uint32_t)b[0] << 8 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 24;
                to[i * ts] = (float)(int32_t)top * 0x1p-31f;
            }
        } else {
            for (long i = 0; i < block.frames; i++) {
                uint32_t sample;
                memcpy(&sample, from + i * step, sizeof sample);
                to[i * ts] = (float)(int32_t)(sample & 0xffffff00u) * 0x1p-31f;
            }
        }
    }
}

INLINED int32_t to_integer(float x, float full_scale)
{
    x = x > -1.0f ? x : (x <= -1.0f ? -1.0f : 0.0f); /* what is not a number becomes silence */
    x = x < 1.0f ? x : 1.0f;
    return (int32_t)lrintf(smaller_f(x * full_scale, full_scale - 1.0f));
}

/* data: bytes of as many frames as the block has; columns that were not chosen stay as they are. */
void wire_encode(const struct wire *w, struct rows block, uint8_t *restrict data)
{
    const long bytes = w->bytes, step = bytes * w->device_channels;
    const float full_scale = bytes == 2 ? 0x1p15f : 0x1p23f;
    for (long c = 0; c < w->chosen; c++) {
        uint8_t *restrict to = data + bytes * w->columns[c];
        const float *restrict from = block.at + (block.channels == 1 ? 0 : c) * block.channel_step;
        for (long i = 0; i < block.frames; i++) {
            const int32_t whole = to_integer(from[i * block.frame_step], full_scale);
            if (bytes == 2) {
                const int16_t sample = (int16_t)whole;
                memcpy(to + i * step, &sample, sizeof sample);
            } else if (bytes == 3) {
                memcpy(to + i * step, &whole, 3);
            } else {
                const uint32_t sample = (uint32_t)whole << 8;
                memcpy(to + i * step, &sample, sizeof sample);
            }
        }
    }
}
