export * from "../cpu-threads/resnet_web";
export { default } from "../cpu-threads/resnet_web";
