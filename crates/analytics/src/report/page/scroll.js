// Tables that are wider than the page: what is beyond the edge fades out, and a line says that there is more.

/** Shows of a box with a wide table on which sides there is more. */
function watchScroll(box) {
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.textContent = "More columns: swipe or scroll sideways \u2192";
  box.after(hint);
  const update = () => {
    const beyond = box.scrollWidth - box.clientWidth;
    box.classList.toggle("before", box.scrollLeft > 1);
    box.classList.toggle("after", box.scrollLeft < beyond - 1);
    hint.hidden = beyond <= 1;
  };
  box.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(box);
  update();
}

document.querySelectorAll(".scroll").forEach(watchScroll);

