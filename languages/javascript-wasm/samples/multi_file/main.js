// optimus: verdict=accepted expect="42\n"
import { answer } from "./answer.js";
console.log(answer);
