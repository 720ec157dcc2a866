/* Blocks moved, delayed, mixed: dsp.parts.delay, .ramp, .hop_adapter; dsp.rack.dry_path, .lanes, .freeze. */
#include "hop.h"

#include <string.h>

INLINED int side_by_side(struct rows b) { return b.channel_step == 1 && b.frame_step == b.channels; }

INLINED void copy_in(float *restrict to, struct rows block, long first, long frames)
{
    if (side_by_side(block)) {
        memcpy(to, block.at + first * block.channels, (size_t)(frames * block.channels) * sizeof(float));
        return;
    }
    for (long i = 0; i < frames; i++)
        for (long c = 0; c < block.channels; c++)
            to[i * block.channels + c] = block.at[(first + i) * block.frame_step + c * block.channel_step];
}

INLINED void copy_out(const float *restrict from, struct rows block, long first, long frames)
{
    if (side_by_side(block)) {
        memcpy(block.at + first * block.channels, from, (size_t)(frames * block.channels) * sizeof(float));
        return;
    }
    for (long i = 0; i < frames; i++)
        for (long c = 0; c < block.channels; c++)
            block.at[(first + i) * block.frame_step + c * block.channel_step] = from[i * block.channels + c];
}

/* ring: (size, channels); the block is no longer than it. */
void ring_write(float *ring, long size, long channels, long position, struct rows block)
{
    const long room = smaller(size - position, block.frames);
    copy_in(ring + position * channels, block, 0, room);
    copy_in(ring, block, room, block.frames - room);
}

void ring_read(const float *ring, long size, long channels, long position, struct rows out)
{
    const long room = smaller(size - position, out.frames);
    copy_out(ring + position * channels, out, 0, room);
    copy_out(ring, out, room, out.frames - room);
}

/* values[i] = start + (done + i + 1) * step, summed as doubles are. */
VECTORISED
void ramp(float *restrict values, long frames, double start, double step, long done)
{
    const double first = (double)(done + 1);
    _Pragma("omp simd") for (long i = 0; i < frames; i++) values[i] = (float)(start + (first + (double)i) * step);
}

/* values: a factor for each frame. */
VECTORISED
void scale(struct rows block, const float *restrict values)
{
    for (long c = 0; c < block.channels; c++) {
        float *restrict x = block.at + c * block.channel_step;
        const long step = block.frame_step;
        _Pragma("omp simd") for (long i = 0; i < block.frames; i++) x[i * step] *= values[i];
    }
}

/* wet = share * wet + (1 - share) * dry; at either end a sample comes through bit by bit. */
VECTORISED
void crossfade(struct rows wet, struct rows dry, const float *restrict share)
{
    for (long c = 0; c < wet.channels; c++) {
        float *restrict w = wet.at + c * wet.channel_step;
        const float *restrict d = dry.at + c * dry.channel_step;
        const long ws = wet.frame_step, ds = dry.frame_step;
        _Pragma("omp simd") for (long i = 0; i < wet.frames; i++)
            w[i * ws] = w[i * ws] * share[i] + d[i * ds] * (1.0f - share[i]);
    }
}

/* past: (channels, 2 * length), written twice, one length apart; the block is no longer than it. */
void remember(float *past, long length, long position, struct rows block)
{
    for (long c = 0; c < block.channels; c++) {
        float *row = past + 2 * length * c;
        const float *from = block.at + c * block.channel_step;
        const long room = smaller(length - position, block.frames);
        for (long i = 0; i < room; i++) row[position + i] = from[i * block.frame_step];
        memcpy(row + length + position, row + position, (size_t)room * sizeof(float));
        const long rest = block.frames - room;
        for (long i = 0; i < rest; i++) row[i] = from[(room + i) * block.frame_step];
        memcpy(row + length, row, (size_t)rest * sizeof(float));
    }
}

void clear(struct rows out)
{
    if (side_by_side(out)) {
        memset(out.at, 0, (size_t)(out.frames * out.channels) * sizeof(float));
        return;
    }
    for (long i = 0; i < out.frames; i++)
        for (long c = 0; c < out.channels; c++) out.at[i * out.frame_step + c * out.channel_step] = 0.0f;
}

/* Into another memory. */
void copy_rows(struct rows from, struct rows to)
{
    if (side_by_side(to)) {
        copy_in(to.at, from, 0, to.frames);
        return;
    }
    for (long i = 0; i < to.frames; i++)
        for (long c = 0; c < to.channels; c++)
            to.at[i * to.frame_step + c * to.channel_step] = from.at[i * from.frame_step + c * from.channel_step];
}

/* out: the chosen columns of the block; another memory. */
void pick(struct rows block, const int32_t *columns, struct rows out)
{
    for (long c = 0; c < out.channels; c++) {
        const float *restrict from = block.at + columns[c] * block.channel_step;
        float *restrict to = out.at + c * out.channel_step;
        for (long i = 0; i < out.frames; i++) to[i * out.frame_step] = from[i * block.frame_step];
    }
}

/* Each column of `out`: the mean of `count` columns of the block from `first` on; another memory. */
void gather(struct rows block, const int32_t *first, const int32_t *count, struct rows out)
{
    for (long c = 0; c < out.channels; c++) {
        const float *restrict from = block.at + first[c] * block.channel_step;
        float *restrict to = out.at + c * out.channel_step;
        const float share = 1.0f / (float)count[c];
        for (long i = 0; i < out.frames; i++) {
            float sum = from[i * block.frame_step];
            for (long k = 1; k < count[c]; k++) sum += from[i * block.frame_step + k * block.channel_step];
            to[i * out.frame_step] = sum * share;
        }
    }
}

/* Add the chosen columns of `sound` to the first `mix` of `out`: one to all of them, or the mean of all to the only one. */
VECTORISED
void add_columns(struct rows sound, const int32_t *columns, long width, struct rows out, long mix)
{
    const int all_to_one = mix == 1 && width > 1;
    const long pairs = all_to_one ? width : mix;
    const float share = all_to_one ? 1.0f / (float)width : 1.0f;
    for (long p = 0; p < pairs; p++) {
        const float *restrict from = sound.at + columns[p % width] * sound.channel_step;
        float *restrict to = out.at + (all_to_one ? 0 : p) * out.channel_step;
        const long fs = sound.frame_step, ts = out.frame_step;
        _Pragma("omp simd") for (long i = 0; i < out.frames; i++) to[i * ts] += share * from[i * fs];
    }
}
