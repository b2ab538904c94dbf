/* Networks of linear layers with ReLU between, their gradients by hand, and Adam. Arrays are flat, a row a sample. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});

  /* out (rows, cols) = a (rows, inner) times b (cols, inner) transposed. Four by four at a time: that loads each number once
     for four products, and is most of the speed of the page's training. */
  function product(a, b, out, rows, cols, inner) {
    const evenRows = rows - (rows % 4), evenCols = cols - (cols % 4);
    for (let r = 0; r < evenRows; r += 4) {
      for (let c = 0; c < evenCols; c += 4) block(a, b, out, r, c, cols, inner);
      for (let n = r; n < r + 4; n += 1) dots(a, b, out, n, evenCols, cols, inner);
    }
    for (let r = evenRows; r < rows; r += 1) dots(a, b, out, r, 0, cols, inner);
    return out;
  }

  function block(a, b, out, r, c, cols, inner) {
    const a0 = r * inner, a1 = a0 + inner, a2 = a1 + inner, a3 = a2 + inner;
    const b0 = c * inner, b1 = b0 + inner, b2 = b1 + inner, b3 = b2 + inner;
    let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
    let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
    for (let k = 0; k < inner; k += 1) {
      const w = b[b0 + k], x = b[b1 + k], y = b[b2 + k], z = b[b3 + k];
      const p = a[a0 + k], q = a[a1 + k], u = a[a2 + k], v = a[a3 + k];
      s00 += p * w; s01 += p * x; s02 += p * y; s03 += p * z; s10 += q * w; s11 += q * x; s12 += q * y; s13 += q * z;
      s20 += u * w; s21 += u * x; s22 += u * y; s23 += u * z; s30 += v * w; s31 += v * x; s32 += v * y; s33 += v * z;
    }
    let o = r * cols + c;
    out[o] = s00; out[o + 1] = s01; out[o + 2] = s02; out[o + 3] = s03; o += cols;
    out[o] = s10; out[o + 1] = s11; out[o + 2] = s12; out[o + 3] = s13; o += cols;
    out[o] = s20; out[o + 1] = s21; out[o + 2] = s22; out[o + 3] = s23; o += cols;
    out[o] = s30; out[o + 1] = s31; out[o + 2] = s32; out[o + 3] = s33;
  }

  function dots(a, b, out, row, from, cols, inner) {
    for (let c = from; c < cols; c += 1) {
      let sum = 0;
      for (let k = 0; k < inner; k += 1) sum += a[row * inner + k] * b[c * inner + k];
      out[row * cols + c] = sum;
    }
  }

  /* (rows, cols) as (cols, rows). */
  function transpose(a, out, rows, cols) {
    for (let r = 0; r < rows; r += 1) for (let c = 0; c < cols; c += 1) out[c * rows + r] = a[r * cols + c];
    return out;
  }

  /* Adds the biases to all n rows; with `cuts`, what is below 0 becomes 0. */
  function add(out, bias, n, cuts) {
    for (let row = 0, at = 0; row < n; row += 1) {
      for (let k = 0; k < bias.length; k += 1, at += 1) {
        const sum = out[at] + bias[k];
        out[at] = cuts && sum < 0 ? 0 : sum;
      }
    }
  }

  /* A network for at most `most` samples at once, e.g. of sizes [110, 96, 96, 9]. All its weights are one array: those of a
     layer (outputs, inputs), then its biases. `random` draws them as PyTorch does; without it they are 0. */
  function network(sizes, most, random) {
    const layers = [];
    let length = 0;
    for (let n = 1; n < sizes.length; n += 1) {
      layers.push({ inputs: sizes[n - 1], outputs: sizes[n], start: length });
      length += (sizes[n - 1] + 1) * sizes[n];
    }
    const weights = new Float64Array(length), gradients = new Float64Array(length);
    for (const layer of layers) {
      const { inputs, outputs, start } = layer, end = start + inputs * outputs, bound = 1 / Math.sqrt(inputs);
      [layer.weight, layer.bias] = [weights.subarray(start, end), weights.subarray(end, end + outputs)];
      [layer.byWeight, layer.byBias] = [gradients.subarray(start, end), gradients.subarray(end, end + outputs)];
      layer.out = new Float64Array(most * outputs);
      layer.back = new Float64Array(most * inputs);
      layer.turned = [new Float64Array(inputs * outputs), new Float64Array(most * outputs), new Float64Array(most * inputs)];
      if (random) for (let k = start; k < end + outputs; k += 1) weights[k] = bound * (2 * random.uniform() - 1);
    }

    /* Outputs (n, last size) of inputs (n, first size); they stay until the next call. */
    function forward(inputs, n) {
      let x = inputs;
      layers.forEach((layer, place) => {
        layer.seen = x;
        product(x, layer.weight, layer.out, n, layer.outputs, layer.inputs);
        const last = place === layers.length - 1;
        add(layer.out, layer.bias, n, !last);
        x = layer.out;
      });
      return x;
    }

    /* Adds to the gradients those of a loss with derivatives `by` (n, last size) by the outputs of the last call. */
    function backward(by, n) {
      let d = by;
      for (let place = layers.length - 1; place >= 0; place -= 1) {
        const { inputs, outputs, seen, turned: [weight, across, through], byWeight, byBias, back, ...layer } = layers[place];
        transpose(d, across, n, outputs);
        transpose(seen, through, n, inputs);
        const found = product(across, through, weight, outputs, inputs, n);
        for (let k = 0; k < found.length; k += 1) byWeight[k] += found[k];
        for (let row = 0, at = 0; row < n; row += 1) for (let k = 0; k < outputs; k += 1, at += 1) byBias[k] += d[at];
        if (!place) return;
        product(d, transpose(layer.weight, weight, outputs, inputs), back, n, inputs, outputs);
        for (let k = 0; k < n * inputs; k += 1) if (seen[k] <= 0) back[k] = 0;
        d = back;
      }
    }
    return { weights, gradients, forward, backward };
  }

  /* Adam (Kingma and Ba 2015) with PyTorch's settings; `move(rate)` uses up the gradients. */
  function adam({ weights, gradients }) {
    const [first, second] = [new Float64Array(weights.length), new Float64Array(weights.length)];
    let steps = 0;
    return function move(rate) {
      steps += 1;
      const size = rate / (1 - Math.pow(0.9, steps)), root = Math.sqrt(1 - Math.pow(0.999, steps));
      for (let k = 0; k < weights.length; k += 1) {
        const g = gradients[k];
        first[k] += 0.1 * (g - first[k]);
        second[k] += 0.001 * (g * g - second[k]);
        weights[k] -= size * first[k] / (Math.sqrt(second[k]) / root + 1e-8);
        gradients[k] = 0;
      }
    };
  }

  drr.networks = { product, network, adam };
})();
