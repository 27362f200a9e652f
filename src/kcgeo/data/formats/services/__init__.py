"""Lists of services as others keep them: spreadsheets and Open Referral HSDS, in and out."""
