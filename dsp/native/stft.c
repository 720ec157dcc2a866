/* A hop into its spectrum and back: dsp.parts.stft.StreamingStft. */
#include "hop.h"

#include <string.h>

/* The past is kept twice, one window apart, so that the newest window always lies in one piece. */
VECTORISED
void stft_analyse(const struct stft *s, struct rows hop, long position)
{
    const long window = s->transform->frames, bins = window / 2 + 1;
    for (long c = 0; c < s->channels; c++) {
        float *past = s->past + 2 * window * c, *newest = past + position;
        const float *from = hop.at + c * hop.channel_step;
        for (long i = 0; i < s->hop; i++) newest[i] = from[i * hop.frame_step];
        memcpy(newest + window, newest, (size_t)s->hop * sizeof(float));
        transform_forward(s->transform, newest + s->hop, s->analysis, s->spectrum + 2 * bins * c);
    }
}

VECTORISED
void stft_synthesise(const struct stft *s, const float *spectrum)
{
    const long window = s->transform->frames, bins = window / 2 + 1, hop = s->hop, channels = s->channels;
    const float *restrict rising = s->synthesis, *restrict falling = s->synthesis + hop;
    for (long c = 0; c < channels; c++) {
        struct halves wave = transform_inverse(s->transform, spectrum + 2 * bins * c);
        const float *restrict even = wave.even + window / 2 - hop, *restrict odd = wave.odd + window / 2 - hop;
        float *restrict tail = s->tail + hop * c, *restrict out = s->out + c;
        for (long i = 0; i < hop / 2; i++) {
            out[2 * i * channels] = even[i] * rising[2 * i] + tail[2 * i];
            out[(2 * i + 1) * channels] = odd[i] * rising[2 * i + 1] + tail[2 * i + 1];
            tail[2 * i] = even[hop / 2 + i] * falling[2 * i];
            tail[2 * i + 1] = odd[hop / 2 + i] * falling[2 * i + 1];
        }
    }
}
