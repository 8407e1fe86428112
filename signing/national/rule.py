"""In which forms a new seal is made: what its application says, else its department, else the deployment."""

from __future__ import annotations

from keys.profile import Profile


def profile_for(chosen: Profile | None, department: Profile | None, deployment: Profile) -> Profile:
    """
    Args:
        chosen: in the application, by a person; None where nothing was chosen.
        department: what the owner's department wants where nothing is chosen; None for nothing of its own.
        deployment: of the whole service.

    Where the deployment has both, a department's default takes the international form from no seal: whoever does
    not look at the form gets files that verify everywhere. A choice for one seal may.
    """
    if chosen is not None:
        return chosen
    if department is Profile.NATIONAL and deployment is Profile.BOTH:
        return Profile.BOTH
    return department or deployment
