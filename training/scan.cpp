// Fused CPU kernels of the live denoiser's layers, forward and backward. Layout (time, batch, channels), float32.
// The compiler vectorises the inner loops, exp included (-ffast-math and libmvec). Mirrors the torch code in scan.py.
#include <torch/extension.h>
#include <cmath>
#include <vector>

using torch::Tensor;

static inline float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

// pre: (T, B, 3C) holds candidate | forget | output; h0: (B, C). Returns y and all h, both (T, B, C).
std::vector<Tensor> scan_forward(Tensor pre, Tensor h0) {
  const int64_t T = pre.size(0), B = pre.size(1), C = pre.size(2) / 3;
  Tensor y = torch::empty({T, B, C}, pre.options()), h = torch::empty({T, B, C}, pre.options());
  const float *p = pre.data_ptr<float>(), *start = h0.data_ptr<float>();
  float *py = y.data_ptr<float>(), *ph = h.data_ptr<float>();
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b) {
      const float *z = p + (t * B + b) * 3 * C, *f = z + C, *o = f + C;
      const float *last = t ? ph + ((t - 1) * B + b) * C : start + b * C;
      float *hh = ph + (t * B + b) * C, *yy = py + (t * B + b) * C;
#pragma GCC ivdep
      for (int64_t c = 0; c < C; ++c) {
        const float now = z[c] + sigmoid(f[c]) * (last[c] - z[c]);
        hh[c] = now;
        yy[c] = now * o[c] * sigmoid(o[c]);
      }
    }
  return {y, h};
}

Tensor scan_backward(Tensor gy, Tensor pre, Tensor h, Tensor h0) {
  const int64_t T = pre.size(0), B = pre.size(1), C = pre.size(2) / 3;
  Tensor gpre = torch::empty_like(pre), carry = torch::zeros({B, C}, pre.options());
  const float *p = pre.data_ptr<float>(), *ph = h.data_ptr<float>(), *pg = gy.data_ptr<float>();
  const float *start = h0.data_ptr<float>();
  float *out = gpre.data_ptr<float>(), *pc = carry.data_ptr<float>();
  for (int64_t t = T - 1; t >= 0; --t)
    for (int64_t b = 0; b < B; ++b) {
      const float *z = p + (t * B + b) * 3 * C, *f = z + C, *o = f + C;
      const float *hh = ph + (t * B + b) * C, *g = pg + (t * B + b) * C;
      const float *last = t ? ph + ((t - 1) * B + b) * C : start + b * C;
      float *gz = out + (t * B + b) * 3 * C, *gf = gz + C, *go = gf + C, *gh = pc + b * C;
#pragma GCC ivdep
      for (int64_t c = 0; c < C; ++c) {
        const float s = sigmoid(o[c]), keep = sigmoid(f[c]);
        go[c] = g[c] * hh[c] * s * (1.0f + o[c] * (1.0f - s));
        const float total = gh[c] + g[c] * o[c] * s;
        gz[c] = total * (1.0f - keep);
        gf[c] = total * (last[c] - z[c]) * keep * (1.0f - keep);
        gh[c] = total * keep;
      }
    }
  return gpre;
}

static inline float inverse_rms(const float *x, int64_t C, float eps) {
  float sum = 0.0f;
  for (int64_t c = 0; c < C; ++c) sum += x[c] * x[c];
  return 1.0f / std::sqrt(sum / C + eps);
}

// x: (T, B, C); w: (K, C), newest first; past: (K-1, B, C) normalised, oldest first. Returns u and the normalised x.
std::vector<Tensor> norm_conv_forward(Tensor x, Tensor w, Tensor past, double eps) {
  const int64_t T = x.size(0), B = x.size(1), C = x.size(2), K = w.size(0), row = B * C;
  Tensor u = torch::empty_like(x), n = torch::empty({T + K - 1, B, C}, x.options()), r = torch::empty({T, B}, x.options());
  const float *px = x.data_ptr<float>(), *pw = w.data_ptr<float>();
  float *pu = u.data_ptr<float>(), *pn = n.data_ptr<float>(), *pr = r.data_ptr<float>();
  if (K > 1) std::copy(past.data_ptr<float>(), past.data_ptr<float>() + (K - 1) * row, pn);
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b) {
      const float *in = px + t * row + b * C;
      const float scale = pr[t * B + b] = inverse_rms(in, C, (float)eps);
      float *now = pn + (t + K - 1) * row + b * C, *out = pu + t * row + b * C;
      for (int64_t c = 0; c < C; ++c) { now[c] = in[c] * scale; out[c] = pw[c] * now[c]; }
      for (int64_t k = 1; k < K; ++k)
        for (int64_t c = 0; c < C; ++c) out[c] += pw[k * C + c] * (now - k * row)[c];
    }
  return {u, n, r};
}

std::vector<Tensor> norm_conv_backward(Tensor gu, Tensor w, Tensor n, Tensor r) {
  const int64_t T = gu.size(0), B = gu.size(1), C = gu.size(2), K = w.size(0), row = B * C;
  Tensor gx = torch::empty_like(gu), gw = torch::zeros_like(w), scratch = torch::empty({C}, gu.options());
  const float *pg = gu.data_ptr<float>(), *pw = w.data_ptr<float>(), *pn = n.data_ptr<float>(), *pr = r.data_ptr<float>();
  float *px = gx.data_ptr<float>(), *pgw = gw.data_ptr<float>(), *gn = scratch.data_ptr<float>();
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < B; ++b) {
      const float *g = pg + t * row + b * C, *now = pn + (t + K - 1) * row + b * C;
      for (int64_t c = 0; c < C; ++c) { gn[c] = pw[c] * g[c]; pgw[c] += g[c] * now[c]; }
      for (int64_t k = 1; k < K; ++k) {
        for (int64_t c = 0; c < C; ++c) pgw[k * C + c] += g[c] * (now - k * row)[c];
        if (t + k < T)
          for (int64_t c = 0; c < C; ++c) gn[c] += pw[k * C + c] * (g + k * row)[c];
      }
      float dot = 0.0f;
      for (int64_t c = 0; c < C; ++c) dot += gn[c] * now[c];
      dot /= C;
      const float scale = pr[t * B + b];
      float *out = px + t * row + b * C;
      for (int64_t c = 0; c < C; ++c) out[c] = (gn[c] - now[c] * dot) * scale;
    }
  return {gx, gw};
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.def("scan_forward", &scan_forward);
  m.def("scan_backward", &scan_backward);
  m.def("norm_conv_forward", &norm_conv_forward);
  m.def("norm_conv_backward", &norm_conv_backward);
}
