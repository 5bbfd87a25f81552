import 'reflect-metadata';

/** Constructor injection for a plugin's classes: `constructor(@inject(NetworkService) readonly network: NetworkService)`. */
export { inject, injectable } from 'tsyringe';
