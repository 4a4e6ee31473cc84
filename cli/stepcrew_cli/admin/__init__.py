"""What an administrator of a deployed stack does with AWS credentials: the only part of the command line that does not
talk to a Stepcrew server. It needs the extra `admin` of the package, which brings boto3."""
