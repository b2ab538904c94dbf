/* Vectors and matrices of numbers, as far as the islands need them; a matrix lies row after row in one array. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});

  const POWERS = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 25)); // of a half's last bit

  /* Base64 of little-endian numbers of 16 or 32 bits as a Float64Array. */
  function decoded({ type, base64 }) {
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
    if (type === "float32") return new Float64Array(new Float32Array(bytes.buffer)); // all browsers run on little-endian machines
    return new Float64Array(new Uint16Array(bytes.buffer)).map(half);
  }

  function half(bits) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    return sign * POWERS[exponent || 1] * (exponent ? 1024 + fraction : fraction);
  }

  function dot(a, b) {
    let sum = 0;
    for (let n = 0; n < a.length; n += 1) sum += a[n] * b[n];
    return sum;
  }

  const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  function times(values, factor) {
    const found = new Float64Array(values.length);
    for (let n = 0; n < found.length; n += 1) found[n] = values[n] * factor;
    return found;
  }

  /* Vectors one after the other, as one. */
  function concat(...vectors) {
    const found = new Float64Array(vectors.reduce((size, vector) => size + vector.length, 0));
    let start = 0;
    for (const vector of vectors) {
      found.set(vector, start);
      start += vector.length;
    }
    return found;
  }

  /* Row `n` of a matrix with rows of length k. */
  const rowOf = (matrix, n, k) => matrix.subarray(n * k, (n + 1) * k);

  /* matrix (rows, k) times a vector (k,). */
  function product(matrix, vector) {
    const k = vector.length, found = new Float64Array(matrix.length / k);
    for (let n = 0; n < found.length; n += 1) {
      let sum = 0;
      for (let i = 0; i < k; i += 1) sum += matrix[n * k + i] * vector[i];
      found[n] = sum;
    }
    return found;
  }

  /* Cholesky's factor of `a` (k, k), symmetric and positive: the lower half is read and overwritten. What comes back solves
     a x = b for any b. */
  function solver(a, k) {
    for (let i = 0; i < k; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        let sum = a[i * k + j];
        for (let n = 0; n < j; n += 1) sum -= a[i * k + n] * a[j * k + n];
        a[i * k + j] = i === j ? Math.sqrt(sum) : sum / a[j * k + j];
      }
    }
    return (b) => {
      const x = Float64Array.from(b);
      for (let i = 0; i < k; i += 1) {
        for (let n = 0; n < i; n += 1) x[i] -= a[i * k + n] * x[n];
        x[i] /= a[i * k + i];
      }
      for (let i = k - 1; i >= 0; i -= 1) {
        for (let n = i + 1; n < k; n += 1) x[i] -= a[n * k + i] * x[n];
        x[i] /= a[i * k + i];
      }
      return x;
    };
  }

  /* a (k, k) += weight * y y', in its lower half, which is all that `solver` reads. */
  function addOuter(a, y, weight) {
    const k = y.length;
    for (let i = 0; i < k; i += 1) {
      const factor = weight * y[i];
      for (let j = 0; j <= i; j += 1) a[i * k + j] += factor * y[j];
    }
  }

  function identity(k, size) {
    const found = new Float64Array(k * k);
    for (let i = 0; i < k; i += 1) found[i * k + i] = size;
    return found;
  }

  drr.linear = { decoded, dot, largest, times, concat, rowOf, product, solver, addOuter, identity };
})();
