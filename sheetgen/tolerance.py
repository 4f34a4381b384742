"""How near to the right number an answer must be. Knows numbers only."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from .layers import Strict

Amount = Annotated[float, Field(ge=0)]


class Tolerance(Strict):
    """Exactly one of: a distance, a share of the right number, or as many decimal places as must be right."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    absolute: Amount | None = Field(None, description="Right if it is no further off than this")
    relative: Amount | None = Field(
        None, description="Right if it is no further off than this share of the right number"
    )
    places: int | None = Field(
        None, ge=0, le=12, description="Right if it is the right number rounded to these decimals"
    )

    @model_validator(mode="after")
    def _one(self) -> Tolerance:
        if sum(each is not None for each in (self.absolute, self.relative, self.places)) != 1:
            raise ValueError("must have exactly one of absolute:, relative: and places:")
        return self

    def distance(self, right: float | Fraction) -> float:
        """How far off an answer may be."""
        if self.absolute is not None:
            return self.absolute
        if self.relative is not None:
            return self.relative * abs(float(right))
        return 0.5 * 10.0 ** -(self.places or 0)
