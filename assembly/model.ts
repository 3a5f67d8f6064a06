/** The model that a module is compiled with. The build puts the name of each registered model here in turn. */
import "./own";

export { Model } from "./allocators/naive";
