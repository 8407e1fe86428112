"""The same as `api.web.stepping`, under the name that pages know it by."""

from api.web.stepping import STEP_PAGE, after_proof, circumstances_of

__all__ = ["STEP_PAGE", "after_proof", "circumstances_of"]
