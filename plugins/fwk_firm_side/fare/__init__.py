"""FARE: a representation of people by the cells of a fair tree, with a certificate (Jovanovic et al., ICML 2023).

Usable without fwk: scikit-learn estimators and a function. numba is loaded at the first fit.
"""

from fwk_firm_side.fare.certificate import certificate
from fwk_firm_side.fare.estimators import FairTreeClassifier, FairTreeEncoder

__all__ = ["FairTreeClassifier", "FairTreeEncoder", "certificate"]
