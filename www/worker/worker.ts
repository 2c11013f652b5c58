import * as Comlink from "comlink";
import { Session } from "./session";

Comlink.expose(new Session());
