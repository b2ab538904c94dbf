/* Watch an episode: the same user under several players, step by step, and under the agent at each stage of its training. */
(function () {
  "use strict";
  const drr = (window.drr = window.drr || {});
  const { make, slider, choice, button, counted, once, row } = drr.controls;
  const AGENT = "DRR", PAUSE = 180; // milliseconds a step
  const PLAYERS = [
    [AGENT, "DRR, our agent"], ["random", "chance"], ["popularity", "popularity"],
    ["greedy", "greed that knows all"], ["planner", "a planner that knows all"],
  ];
  const KEY = "A dot is an item: its row the topic, larger is deeper, filled was liked. Below is the user's interest.";

  drr.island("watch-episode", (stage) => {
    const { sessions, players, curve, steps, mostInterest } = drr.data.episodes;
    const picture = drr.episodePicture({ sessions: Object.values(sessions), steps, mostInterest });
    const last = curve.length - 1;
    let player = AGENT, trained = last, count = steps, timer = null;

    const session = () => sessions[player === AGENT ? String(curve[trained][0]) : player];
    const likesOf = (list) => list.filter(Boolean).length;

    const who = choice({
      label: "Who recommends?", choices: PLAYERS, value: AGENT, onchange: (value) => { player = value; whole(); },
    });
    const training = slider({
      label: "DRR's training, in thousand steps", min: 0, max: last, step: 1, value: last,
      shown: (place) => String(Math.round(curve[place][0] / 1000)),
      onchange: (place) => { trained = place; player = who.value = AGENT; whole(); },
    });
    const place = slider({
      label: "step of the session", min: 1, max: steps, step: 1, value: steps,
      onchange: (step) => { stop(); count = step; show(); },
    });
    const play = button("Play", once(() => (timer ? stop() : start())), { class: "island-button island-primary" });
    const said = make("p", { class: "island-status", role: "status" });
    const learned = drr.plot({ x: { label: "steps of training, in thousands" }, y: { label: "likes a session" }, height: 230 });

    /* What happened at the last shown step, and so far. */
    function words() {
      const { topic, depth, liked, chance } = session(), step = count - 1, likes = likesOf(liked.slice(0, count));
      const answer = `${liked[step] ? "liked" : "not liked"} (the chance was ${Math.round(100 * chance[step])} %)`;
      const end = count < topic.length ? "" : count < steps ? " Then the user leaves." : " That was the last step.";
      const item = `topic ${picture.row(topic[step])}, depth ${depth[step].toFixed(1).replace("-", "−")}`;
      return `Step ${count}: an item of ${item}, ${answer}. So far ${counted(likes, "like")} in ${counted(count, "step")}.${end}`;
    }

    function show() {
      picture.update(session(), count);
      place.value = count;
      said.setAttribute("aria-live", timer ? "off" : "polite");
      said.textContent = words();
    }

    /* Another player: the whole session, and where the agent stands on its curve. */
    function whole() {
      stop();
      place.max = session().topic.length;
      count = session().topic.length;
      show();
      drawCurve();
    }

    function drawCurve() {
      const points = curve.map(([step, mean]) => [step / 1000, mean]), [now, likes] = points[trained];
      const levels = PLAYERS.filter(([name]) => name in players).map(([name, words]) => ({ name: words, y: players[name] }));
      const shown = player === AGENT ? [{ name: "as shown above", points: [[now, 0], [now, likes]] }] : [];
      learned.update({
        series: [{ name: "DRR", points }, ...shown], levels,
        alt: `Likes a session while DRR trains, on average over many users: ${points[0][1].toFixed(1)} untrained, `
          + `${points[last][1].toFixed(1)} at the end${shown.length ? `; as shown above ${likes.toFixed(1)}` : ""}.`,
      });
    }

    /* Where nobody keeps this user for longer than the others do, why: a reader may take it for a rule. */
    function sameEnd() {
      const all = Object.values(sessions), end = all[0].topic.length;
      const same = end < steps && all.every(({ topic, liked }) => topic.length === end && !liked[end - 1]);
      return same ? ` Everybody meets the same luck: at step ${end} it lets nothing be liked, and then this user leaves, whoever `
        + "recommends. With other users it matters who does: they leave more often after a dislike than after a like." : "";
    }

    function start() {
      if (count >= session().topic.length) count = 0;
      timer = setInterval(() => {
        count += 1;
        if (count >= session().topic.length) stop();
        show();
      }, PAUSE);
      play.textContent = "Pause";
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }

    stage.append(
      row(who, training), row(play, place), picture.root, said, make("p", { class: "island-note" }, `${KEY}${sameEnd()}`),
      learned.root, make("p", { class: "island-note" }, "The curve and the dashed lines are means over the users who "
        + "were watched here: a little off those of other pages, which have more."));
    whole();
  });
})();
