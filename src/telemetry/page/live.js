"use strict";
(() => {
  const note = document.getElementById("live");
  const refresh = async () => {
    // A text that somebody has marked, and a page that nobody sees, stay as they are.
    if (document.hidden || String(getSelection())) return;
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(4000) });
      if (!answer.ok) throw new Error("status " + answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(fresh.querySelector("main"));
      note.textContent = "live";
      note.className = "good";
    } catch (error) {
      note.textContent = "not reached (" + error.message + "); what stands here is old";
      note.className = "bad";
    }
  };
  note.textContent = "live";
  setInterval(refresh, 5000);
})();
