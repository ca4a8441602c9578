set :application, "heatwave"
set :sidekiq_timeout, 60
