"""What a pick says about a taste: comparisons, the multinomial logit, the estimate, and simulated people.

The information that a question is designed for (`logit.choice_information`) is minus the Hessian of the
log-likelihood that the estimate maximises: one function, used by both sides.
"""
