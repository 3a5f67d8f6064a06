/** The model below a layer. The build puts the name of each base here in turn. */
export { Model as Base } from "./naive";
