/** The model this module is compiled with. The build puts each registered model's name here in turn. */
export { Model } from "./allocators/naive";
