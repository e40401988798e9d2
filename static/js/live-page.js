// What a page that moves by itself does. The stream comes last: everybody must be listening when it speaks.
import "./ages.js";
import "./copy.js";
import "./fragments.js";
import "./job-progress.js";
import "./live-indicator.js";
import "./no-answer.js";
import "./printer-cards.js";
import "./silence.js";
import "./live.js";
