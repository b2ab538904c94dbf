/* Train it here: the agent of the page trains in the reader's browser, in short slices of time so that the page answers. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { make, slider, toggle, button, counted, once, status, row } = drr.controls;
  const AGENT = { users: 64, batch: 128, steps: 3000, hidden: 64, softness: 0.05, follow: 0.02 };
  const START = { gamma: 0.95, ahead: 5, noise: 0.5, rate: 0.003 };
  const BUGS = {
    pleased: "case 2: the actor's loss moves the critic, too",
    endless: "case 3: what follows an end counts",
    paid: "case 4: the reward stands where the end should",
    cut: "case 5: the time limit is an end",
    moving: "case 6: the target moves towards Q",
  };
  const SLICE = 12; // milliseconds, then the page may answer
  const MOST_CURVES = 4;

  /* What differs from the start, in words. */
  function nameOf({ bugs, ...chosen }) {
    const words = { gamma: "gamma", ahead: "rewards", noise: "noise", rate: "rate" };
    const changed = Object.keys(START).filter((key) => chosen[key] !== START[key]).map((key) => `${words[key]} ${chosen[key]}`);
    const broken = Object.keys(BUGS).filter((key) => bugs[key]).map((key) => BUGS[key].split(":")[0]);
    return [...changed, ...broken].join(", ") || "as it is";
  }

  /* Calls `next()` again and again, a slice at a time, until it says that all is over; returns what stops that. */
  function inSlices(next) {
    const { port1, port2 } = new MessageChannel(); // waits for nothing, where a timer does
    let stopped = false;
    port1.onmessage = () => {
      for (const end = performance.now() + SLICE; !stopped && performance.now() < end;) if (next()) stopped = true;
      if (!stopped) port2.postMessage(0);
    };
    port2.postMessage(0);
    return () => { stopped = true; };
  }

  drr.trainHere = { ...AGENT, ...START, bugs: {} }; // for the tests

  drr.island("train-here", (stage) => {
    const rules = drr.data.planning;
    let stop = null, seed = 0, curves = [];
    const levels = [
      { name: "the best planner known", y: rules.bounds.planner },
      { name: "greed that knows everything", y: rules.bounds.myopic },
      { name: "always the item liked best at first", y: rules.bounds.static },
    ];
    const sliders = {
      gamma: slider({ label: "gamma: look-ahead", min: 0, max: 0.99, step: 0.01, value: START.gamma }),
      ahead: slider({ label: "n: rewards summed", min: 1, max: 10, step: 1, value: START.ahead }),
      noise: slider({ label: "noise at first", min: 0, max: 1, step: 0.1, value: START.noise }),
      rate: slider({ label: "learning rate at first", min: 0.0005, max: 0.01, step: 0.0005, value: START.rate }),
    };
    const switches = Object.fromEntries(Object.entries(BUGS).map(([key, label]) => [key, toggle({ label })]));
    const go = button("Train", once(() => (stop ? halt("Stopped.") : train())), { class: "island-button island-primary" });
    const clear = button("Clear the curves", () => { curves = stop ? curves.slice(-1) : []; draw(); }); // the last one still grows
    const bar = make("progress", { max: AGENT.steps, value: 0, "aria-label": "training" });
    const said = status("Nothing has been learned yet.");
    const plot = drr.plot({
      x: { label: "steps of training", range: [0, AGENT.steps] },
      y: { label: "likes a session", range: [0, Math.ceil(rules.bounds.planner / 5) * 5] },
    });
    const [ours, greeds] = [drr.sessionPlot(rules), drr.sessionPlot(rules)], [title, greedTitle] = [make("p"), make("p")];

    function draw() {
      const words = curves.map(({ name, points }) => points.length
        ? `${name}: ${points.at(-1)[1].toFixed(1)} likes a session after ${points.at(-1)[0]} steps` : name);
      plot.update({ series: curves, levels, alt: `Likes a session while the agent learns. ${words.join("; ")}.` });
    }

    function show(picture, heading, who, { session }) {
      const likes = session.filter(({ liked }) => liked).length;
      const words = `${who}: ${counted(likes, "like")} in ${counted(session.length, "step")}`;
      heading.textContent = `A session with ${words}.`;
      picture.update(session, `The session of one user with ${words}.`);
    }

    function settings() {
      const values = Object.fromEntries(Object.entries(sliders).map(([key, each]) => [key, each.value]));
      return { ...values, bugs: Object.fromEntries(Object.entries(switches).map(([key, each]) => [key, each.value])) };
    }

    function train() {
      const chosen = settings(), running = drr.training(rules, { ...AGENT, ...chosen, seed: (seed += 1) }).run();
      const curve = { name: `${nameOf(chosen)}; training ${seed}`, points: [] };
      curves = [...curves, curve].slice(-MOST_CURVES);
      go.textContent = "Stop";
      said.textContent = "Training has begun.";
      bar.value = 0;
      stop = inSlices(() => {
        const { value, done } = running.next();
        if (done) halt("Done.");
        else if (value) report(curve, value);
        return done;
      });
    }

    function report(curve, found) {
      const remaining = left(curve, found.step);
      curve.points.push([found.step, found.likes]);
      bar.value = found.step;
      draw();
      show(ours, title, `the agent after ${found.step} steps`, found);
      said.textContent = `Step ${found.step} of ${AGENT.steps}: ${found.likes.toFixed(1)} likes a session. Discounted, its critic `
        + `expects ${found.expected.toFixed(1)} of a new user, and gets ${found.discounted.toFixed(1)}.${remaining}`;
    }

    /* How long it will take still, by the time since the last report: before that the reader may have been on another page,
       where nothing trains. */
    function left(curve, step) {
      const now = performance.now(), [last] = curve.points.at(-1) || [];
      const seconds = (now - curve.reported) / 1000 * (AGENT.steps - step) / (step - last);
      curve.reported = now;
      return seconds >= 1 ? ` About ${counted(Math.round(seconds), "second")} left.` : "";
    }

    function halt(words) {
      if (stop) stop();
      stop = null;
      go.textContent = "Train anew";
      said.textContent = `${words} ${said.textContent.replace(/ About \d+ seconds? left\./, "")}`;
    }

    const list = (words, ...parts) => make("fieldset", {}, make("legend", {}, words), row(...parts));
    stage.append(
      make("p", {}, "This trains the agent of this page in your browser, with smaller networks and batches and larger steps. "
        + "Nothing is sent anywhere. Change something, then train anew, and compare the curves."),
      list("The agent", ...Object.values(sliders)), list("Bugs of the clinic", ...Object.values(switches)),
      row(go, clear, bar), said, plot.root, title, ours.root, greedTitle, greeds.root,
      make("p", { class: "island-note" }, "One user, the same luck. Step after step from left to right, a mark is an item: its "
        + "row the topic, larger is deeper, filled was liked; ×: the user leaves."));
    draw();
    const { sessions, greed, finish } = drr.evaluation;
    show(greeds, greedTitle, "greed that knows everything", finish(sessions(rules, 1, 1, greed(rules))));
    title.textContent = "The agent has played no session yet.";
  });
})();
