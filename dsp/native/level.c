/* How loud a block is, and what is done about it: dsp.block.mend, dsp.parts.meter, dsp.parts.limiter. */
#include "hop.h"
#include "logarithm.h"

#include <math.h>
#include <string.h>

#define CHUNK 64 /* frames that the limiter looks at together */

INLINED int in_one_piece(struct rows b) { return b.channel_step == 1 && b.frame_step == b.channels; }

INLINED float row_energy(const float *restrict x, long count)
{
    float sum = 0.0f;
    _Pragma("omp simd reduction(+ : sum)") for (long i = 0; i < count; i++) sum += x[i] * x[i];
    return sum;
}

INLINED float row_peak(const float *restrict x, long count)
{
    float most = 0.0f;
    _Pragma("omp simd reduction(max : most)") for (long i = 0; i < count; i++) most = larger_f(fabsf(x[i]), most);
    return most;
}

/* Put silence where a sample is no sound; return how many there were. A broken sample always shows in the energy. */
VECTORISED
long mend(struct rows block, float loudest)
{
    const long whole = block.frames * block.channels;
    if (in_one_piece(block) && row_energy(block.at, whole) < loudest * loudest) return 0;
    long broken = 0;
    for (long i = 0; i < block.frames; i++) {
        for (long c = 0; c < block.channels; c++) {
            float *sample = block.at + i * block.frame_step + c * block.channel_step;
            if (!(fabsf(*sample) <= loudest)) {
                *sample = 0.0f;
                broken++;
            }
        }
    }
    return broken;
}

VECTORISED
float peak(struct rows block)
{
    if (in_one_piece(block)) return row_peak(block.at, block.frames * block.channels);
    float most = 0.0f;
    for (long i = 0; i < block.frames; i++)
        for (long c = 0; c < block.channels; c++)
            most = larger_f(fabsf(block.at[i * block.frame_step + c * block.channel_step]), most);
    return most;
}

/* sums: peak and energy of each channel so far, (channels, 2). */
VECTORISED
void meter(struct rows block, double *sums)
{
    for (long c = 0; c < block.channels; c++) {
        const float *restrict x = block.at + c * block.channel_step;
        const long step = block.frame_step, frames = block.frames;
        float most = 0.0f, sum = 0.0f;
        if (step == 1) {
            most = row_peak(x, frames);
            sum = row_energy(x, frames);
        } else {
            _Pragma("omp simd reduction(max : most) reduction(+ : sum)") for (long i = 0; i < frames; i++)
            {
                const float v = x[i * step];
                most = larger_f(fabsf(v), most);
                sum += v * v;
            }
        }
        if ((double)most > sums[2 * c]) sums[2 * c] = most;
        sums[2 * c + 1] += sum;
    }
}

/* Add up each channel into sums; return the energy of all of them. */
VECTORISED
float tally(struct rows block, float *sums)
{
    float energy = 0.0f;
    for (long c = 0; c < block.channels; c++) {
        const float *restrict x = block.at + c * block.channel_step;
        const long step = block.frame_step, frames = block.frames;
        float sum = 0.0f, squares = 0.0f;
        _Pragma("omp simd reduction(+ : sum, squares)") for (long i = 0; i < frames; i++)
        {
            const float v = x[i * step];
            sum += v;
            squares += v * v;
        }
        sums[c] += sum;
        energy += squares;
    }
    return energy;
}

/* Mend the block, then hold it under the ceiling. Return the reduction at its end; both are natural logarithms, positive.
 *
 * fall: by how much it goes down a frame. Under the ceiling, with no reduction left, no bit changes.
 */
VECTORISED
double limit(struct rows block, float ceiling, double reduction, double fall, float loudest)
{
    mend(block, loudest);
    if (reduction == 0.0 && peak(block) <= ceiling) return 0.0;
    const float to_ceiling = 1.0f / ceiling;
    for (long start = 0; start < block.frames; start += CHUNK) {
        const long frames = smaller(CHUNK, block.frames - start);
        float need[CHUNK] = {0}; /* logarithm of what each frame exceeds the ceiling by, then its gain */
        float *first = block.at + start * block.frame_step;
        for (long c = 0; c < block.channels; c++)
            for (long i = 0; i < frames; i++)
                need[i] = larger_f(fabsf(first[i * block.frame_step + c * block.channel_step]), need[i]);
        _Pragma("omp simd") for (long i = 0; i < CHUNK; i++)
            need[i] = log2_of(larger_f(need[i] * to_ceiling, 1.0f)) * (1.0f / LOG2_OF_E);
        for (long i = 0; i < frames; i++) {
            reduction -= fall;
            reduction = (double)need[i] > reduction ? (double)need[i] : reduction;
            need[i] = (float)reduction;
        }
        _Pragma("omp simd") for (long i = 0; i < CHUNK; i++) need[i] = exp2_of(-LOG2_OF_E * need[i]);
        for (long c = 0; c < block.channels; c++) {
            for (long i = 0; i < frames; i++) {
                float *sample = first + i * block.frame_step + c * block.channel_step;
                const float v = *sample * need[i];
                *sample = larger_f(smaller_f(v, ceiling), -ceiling); /* what float rounded up */
            }
        }
    }
    return reduction > 1e-7 ? reduction : 0.0; /* below a millionth of a dB it is rounding only */
}

/* Clip what rises more than `rise` times above the input so far; `bound` is the peak before. Return the input's peak. */
float hold_under(struct rows wet, struct rows input, float bound, float rise)
{
    float most = 0.0f;
    for (long i = 0; i < wet.frames; i++) {
        for (long c = 0; c < input.channels; c++)
            most = larger_f(fabsf(input.at[i * input.frame_step + c * input.channel_step]), most);
        const float limit = larger_f(most, bound) * rise;
        for (long c = 0; c < wet.channels; c++) {
            float *sample = wet.at + i * wet.frame_step + c * wet.channel_step;
            *sample = *sample > limit ? limit : (*sample < -limit ? -limit : *sample);
        }
    }
    return most;
}

/* Copy a network's answer unless it has too much energy, or none that compares; return whether it did. */
VECTORISED
int take_answer(const float *restrict answer, float *restrict mask, long count, float most)
{
    if (!(row_energy(answer, count) < most)) return 0;
    memcpy(mask, answer, (size_t)count * sizeof(float));
    return 1;
}
