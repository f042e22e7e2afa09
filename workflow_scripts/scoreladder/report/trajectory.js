// Samples on their way.

function trajectory(box, frames) {
  const [picture, slider, said, button] = ["img", "input", "output", "button"].map((tag) =>
    box.querySelector(tag),
  );
  let playing = null;
  function show() {
    const { label, picture: address } = frames[slider.value];
    picture.src = address;
    said.textContent = label;
    slider.setAttribute("aria-valuetext", label);
  }
  function stop() {
    clearInterval(playing);
    playing = null;
    button.textContent = "Play";
  }
  function step() {
    slider.value = Number(slider.value) + 1;
    show();
    if (Number(slider.value) === frames.length - 1) stop();
  }
  slider.addEventListener("input", () => (stop(), show()));
  button.addEventListener("click", () => {
    if (playing) return stop();
    if (Number(slider.value) === frames.length - 1) slider.value = 0;
    show();
    playing = setInterval(step, 350);
    button.textContent = "Pause";
  });
  show();
}
