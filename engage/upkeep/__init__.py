"""Care of the installation: doctor."""
