/** The number from which a company writes. */
export interface Sender {
  /** The provider's ids. */
  readonly phoneNumberId: string
  readonly businessAccountId: string
  readonly confirmationTemplate: { readonly name: string; readonly language: string } | undefined
}
