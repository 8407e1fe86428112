"""What older ways of sharing licences ask (GB/T 36906 practice), put in terms of lawful use."""
