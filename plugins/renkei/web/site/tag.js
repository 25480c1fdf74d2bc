/* Renkei's tag. On a page with a form: remembers who sent it. On any page: asks whether to offer a meeting.
 *
 *   <script async src="https://…/tag/v1/tag.js" data-key="rk_tag_…"></script>
 *   <form data-renkei-form="contact"> … </form>
 *
 * Optional: data-forms (selector of the forms), data-cookie-domain (".example.jp": one browser over all hosts),
 * data-calendar (the page's own calendar link). By script: renkei.converted("a@example.jp", "contact").
 * Whatever goes wrong, the page goes on without it.
 */
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script || !script.src) { return; }
  var KEY = script.getAttribute("data-key") || "";
  var BASE = script.src.replace(/\/tag\.js(\?.*)?$/, "");
  var FORMS = script.getAttribute("data-forms") || "form[data-renkei-form]";
  var DOMAIN = script.getAttribute("data-cookie-domain");
  var CALENDAR = script.getAttribute("data-calendar");
  var COOKIE = "renkei_visitor";
  var CLOSED = "renkei_closed";
  var WAIT_MS = 5000;

  function safely(work) {
    return function () {
      try { return work.apply(this, arguments); } catch (error) { return undefined; }
    };
  }

  function visitor() {
    var found = document.cookie.match(new RegExp("(?:^|; )" + COOKIE + "=([A-Za-z0-9_-]+)"));
    return found ? found[1] : null;
  }

  function newVisitor() {
    var bytes = crypto.getRandomValues(new Uint8Array(24));
    var made = btoa(String.fromCharCode.apply(null, bytes)).replace(/\+/g, "-").replace(/\//g, "_");
    document.cookie = COOKIE + "=" + made + "; Max-Age=34560000; Path=/; SameSite=Lax" +
      (DOMAIN ? "; Domain=" + DOMAIN : "") + (location.protocol === "https:" ? "; Secure" : "");
    return made;
  }

  /* text/plain needs no permission asked beforehand; keepalive outlives the page that the form leaves. */
  function call(name, body) {
    body.key = KEY;
    body.page = location.origin + location.pathname;
    var stop = typeof AbortController === "function" ? new AbortController() : null;
    var timer = setTimeout(function () { if (stop) { stop.abort(); } }, WAIT_MS);
    return fetch(BASE + "/" + name, {
      method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "text/plain" },
      keepalive: true, credentials: "omit", mode: "cors", signal: stop ? stop.signal : undefined
    }).finally(function () { clearTimeout(timer); });
  }

  var converted = safely(function (email, form) {
    var address = String(email || "").trim();
    if (!/^[^@\s]+@[^@\s]+$/.test(address)) { return; }
    var sender = visitor() || newVisitor();
    call("conversions", { visitor: sender, email: address, form: form || null }).catch(function () {});
  });

  function addressIn(form) {
    var marked = form.querySelector("[data-renkei-email]") || form.querySelector("input[type=email]");
    if (marked) { return marked.value; }
    var inputs = form.querySelectorAll("input");
    for (var i = 0; i < inputs.length; i += 1) {
      if (/e?-?mail/i.test(inputs[i].name + " " + inputs[i].id)) { return inputs[i].value; }
    }
    return "";
  }

  document.addEventListener("submit", safely(function (event) {
    var form = event.target;
    if (!form.matches || !form.matches(FORMS)) { return; }
    converted(addressIn(form), form.getAttribute("data-renkei-form") || form.id || form.getAttribute("name"));
  }), true);

  /* A browser that never sent a form is shown nothing, so nothing is asked for it. */
  function visit() {
    var known = visitor();
    if (!known || sessionStorage.getItem(CLOSED)) { return; }
    call("visits", { visitor: known }).then(function (answer) {
      return answer.ok ? answer.json() : { show: false };
    }).then(safely(function (answer) {
      if (answer.show) { open(answer.modal); }
    })).catch(function () {});
  }

  var STYLE = ":host{all:initial}" +
    ".back{position:fixed;inset:0;z-index:2147483000;display:flex;align-items:center;justify-content:center;" +
    "background:rgba(15,23,42,.45);font:16px/1.6 system-ui,'Hiragino Sans','Noto Sans JP',Meiryo,sans-serif}" +
    ".box{position:relative;box-sizing:border-box;width:min(92vw,440px);max-height:92vh;overflow:auto;" +
    "padding:28px;border-radius:14px;background:#fff;color:#0f172a;box-shadow:0 20px 60px rgba(15,23,42,.35)}" +
    ".box.wide{width:min(96vw,860px);padding:12px}" +
    "h2{margin:0 32px 8px 0;font-size:20px;line-height:1.4}p{margin:0 0 14px;white-space:pre-line}" +
    ".about{color:#475569;font-size:13px}" +
    ".go{display:inline-block;border:0;border-radius:8px;padding:11px 20px;background:#1d4ed8;color:#fff;" +
    "font:inherit;font-weight:600;cursor:pointer}" +
    ".close{position:absolute;top:10px;right:12px;border:0;background:none;font-size:24px;line-height:1;" +
    "color:#475569;cursor:pointer}button:focus-visible,a:focus-visible{outline:3px solid #93c5fd}" +
    "iframe{display:block;width:100%;height:min(74vh,640px);margin-top:34px;border:0}" +
    ".apart{display:block;margin-top:8px;font-size:13px;color:#1d4ed8}";

  function add(parent, tag, className, text) {
    var made = document.createElement(tag);
    if (className) { made.className = className; }
    if (text) { made.textContent = text; }
    parent.appendChild(made);
    return made;
  }

  function dress(root) {
    try {
      var sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch (error) {
      add(root, "style", "", STYLE);
    }
  }

  function calendarOf(modal) {
    var url = CALENDAR || modal.calendar_url || "";
    return /^https?:\/\//i.test(url) ? url : "";
  }

  function open(modal) {
    var host = document.createElement("div");
    host.id = "renkei-modal";
    host.dataset.group = modal.group;
    host.dataset.meetingType = modal.meeting_type;
    var root = host.attachShadow({ mode: "open" });
    dress(root);
    var back = add(root, "div", "back");
    var box = add(back, "div", "box");
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    box.setAttribute("aria-label", modal.title);
    var before = document.activeElement;

    function close() {
      host.remove();
      document.removeEventListener("keydown", onKey);
      sessionStorage.setItem(CLOSED, "1");
      if (before && before.focus) { before.focus(); }
    }
    var onKey = safely(function (event) { if (event.key === "Escape") { close(); } });

    var cross = add(box, "button", "close", "×");
    cross.type = "button";
    cross.setAttribute("aria-label", "閉じる");
    cross.addEventListener("click", safely(close));
    back.addEventListener("click", safely(function (event) { if (event.target === back) { close(); } }));
    document.addEventListener("keydown", onKey);

    var first = add(box, "div", "first");
    function calendar() {
      first.remove();
      box.classList.add("wide");
      var frame = add(box, "iframe", "calendar");
      frame.title = modal.meeting_type;
      frame.src = calendarOf(modal);
      var apart = add(box, "a", "apart", "別のタブで開く");
      apart.href = frame.src;
      apart.target = "_blank";
      apart.rel = "noopener";
    }

    if (modal.first_screen === "calendar" && calendarOf(modal)) {
      calendar();
    } else {
      add(first, "h2", "title", modal.title);
      add(first, "p", "text", modal.text);
      add(first, "p", "about", modal.group + " / " + modal.meeting_type);
      if (calendarOf(modal)) {
        var go = add(first, "button", "go", modal.button);
        go.type = "button";
        go.addEventListener("click", safely(calendar));
      }
    }
    document.body.appendChild(host);
    cross.focus();
  }

  window.renkei = { converted: converted };
  safely(function () {
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", safely(visit));
    } else {
      visit();
    }
  })();
})();
