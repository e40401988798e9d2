// What every page does.
import "./menu.js";
import "./time-zone.js";
import "./toasts.js";
