export * from "../cpu/resnet_web";
export { default } from "../cpu/resnet_web";
