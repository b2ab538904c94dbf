/* Sphinx's own weights, but for names of the package: a result that has a description is one, and comes after pages. */
var Scorer = {
  score: ([, , , description, score]) => (description ? score - 100 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

/* What is shown of a page found is from its text, not from the buttons above it; of a word of the glossary, what it means. */
const textOfMain = Search.htmlToText;
Search.htmlToText = (html, anchor) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const word = anchor ? page.querySelector(`[role="main"] dl.glossary dt${anchor}`) : null;
  word?.append(": ", word.nextElementSibling?.textContent ?? "");
  page.querySelector('[role="main"]')?.replaceChildren(...page.querySelectorAll("article"));
  return textOfMain(page.documentElement.outerHTML, anchor).replace(/\s+/g, " ");
};

/* A Greek letter of a formula is searched by its name, as it is written in the formula's source. */
const GREEK = {
  α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", ϵ: "epsilon", ζ: "zeta", η: "eta", θ: "theta", ϑ: "theta",
  ι: "iota", κ: "kappa", λ: "lambda", μ: "mu", µ: "mu", ν: "nu", ξ: "xi", π: "pi", ρ: "rho", σ: "sigma", τ: "tau",
  υ: "upsilon", φ: "phi", ϕ: "phi", χ: "chi", ψ: "psi", ω: "omega",
};
/* What a reader may type, and what the book says for it. */
const SAID = {
  baseline: "bar", baselines: "bars", behavior: "behaviour", color: "colour", hyperparameter: "settings",
  hyperparameters: "settings", license: "licence", movie: "film", movies: "films", neighbor: "neighbour",
  neighbors: "neighbours", quiz: "check yourself",
};
const queryByWords = Search.query;
Search.query = (query) => queryByWords(query
  .replace(/\p{Letter}+/gu, (word) => (Object.hasOwn(SAID, word.toLowerCase()) ? SAID[word.toLowerCase()] : word))
  .replace(/\p{Letter}/gu, (letter) => {
    const name = GREEK[letter.toLowerCase()];
    return name ? ` ${name} ` : letter;
  }).trim());
