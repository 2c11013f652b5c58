// A worker thread of Node's: the browser's own script, once Node has what that expects.
import "./globals";
import "../../../worker/threads/thread";
