"""Refusals of conversions."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy

PAGE = "conversion.md"


class UnknownClassicSourceError(NotFoundError):
    code = "unknown_classic_source"
    message = "The account has no such PAK or device with classic licences."
    remedy = Remedy("List them with `central convert paks list` or `central convert devices list`.", page=PAGE)


class UnknownDeviceConversionError(NotFoundError):
    code = "unknown_device_conversion"
    message = "The account has no such request of a device."
    remedy = Remedy("List them with `central convert requests`.", page="conversion.md#conversion-by-the-device")


class NothingToConvertError(RefusedError):
    code = "nothing_to_convert"
    message = "No classic licence is chosen that can be converted."
    remedy = Remedy("Choose at least one unit of an eligible SKU.", page=PAGE)


class UnknownClassicSkuError(InvalidInputError):
    code = "unknown_classic_sku"
    message = "The PAK or device has no classic licence of this SKU."
    remedy = Remedy("Choose among the SKUs that it lists.", page=PAGE)


class NotEligibleError(RefusedError):
    code = "sku_not_eligible"
    message = "The classic licence becomes no smart licence."
    remedy = Remedy("Leave it out; the vendor says which SKUs are eligible.", page="conversion.md#eligible-skus")


class ClassicTermOverError(RefusedError):
    code = "classic_term_over"
    message = "The term of the classic licence is over."
    remedy = Remedy("Leave it out; what has ended is not converted.", page=PAGE)


class OnlyWholeError(RefusedError):
    code = "partial_not_allowed"
    message = "Only all of these licences can be converted at once."
    remedy = Remedy("Choose the whole quantity.", page="conversion.md#partial-fulfilment")


class TooManyToConvertError(InvalidInputError):
    code = "too_many_to_convert"
    message = "More units are chosen than are left."
    remedy = Remedy("Choose at most what is left.", page=PAGE)


class ContractMissingError(RefusedError):
    code = "contract_missing"
    message = "No service contract covers the licence."
    remedy = Remedy(
        "Have a contract entered that covers it, or leave it out where a part may be converted; support helps.",
        page="conversion.md#contract-check",
    )


class ContractNotCheckedError(RefusedError):
    code = "contract_not_checked"
    message = "The service contract of the licence could not be checked."
    remedy = Remedy(
        "Check the contracts again with `central convert contracts check`, or by the button on the page.",
        page="conversion.md#look-up-over-http",
    )


class ContractsLookedUpError(RefusedError):
    code = "contracts_looked_up"
    message = "Service contracts are looked up over HTTP; a file would have no effect."
    remedy = Remedy(
        "Enter the contract where it is looked up, or remove `contracts.url`.", page="conversion.md#look-up-over-http"
    )


class NoContractLookupError(RefusedError):
    code = "no_contract_lookup"
    message = "Service contracts come from imported files; there is nothing to ask."
    remedy = Remedy(
        "Set `contracts.url`, or import a file with `central convert contracts import`.",
        page="conversion.md#look-up-over-http",
    )


class ConversionRefusedError(RefusedError):
    code = "conversion_refused"
    message = "Some lines of the conversion are refused; nothing was converted."
    remedy = Remedy("Correct or leave out the named lines; a preview shows each with its reason.", page=PAGE)


class ConversionChangedError(RefusedError):
    code = "conversion_changed"
    message = "The PAK or device changed since the preview; nothing was converted."
    remedy = Remedy("Start over with what is there now.", page=PAGE)


class ConversionFailedError(RefusedError):
    code = "conversion_failed"
    message = "The database refused the conversion; nothing of this PAK or device was converted."
    remedy = Remedy("Try again; the log names the cause. If the problem persists, ask support.", page=PAGE)


class UnknownFamilyError(InvalidInputError):
    code = "unknown_family"
    message = "No eligible SKU is of this product family."
    remedy = Remedy("Choose among the families of the eligible SKUs.", page="conversion.md#automatic-conversion")
